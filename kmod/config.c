// SPDX-License-Identifier: GPL-2.0
/*
 * The tunables: their values, ranges, parsing and printing.
 *
 * One table serves sysfs and the module parameters alike.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cgfile.h"
#include "config.h"
#include "evict.h"
#include "recharge.h"
#include "reparent.h"

struct mr_config mr_config = {
	.reap_background = 1,
	.method = __is_defined(MR_CAN_EVICT) ? MR_EVICT : MR_NONE,
	.scan_interval_ms = 5000,
	.min_age_ms = 10000,
	.cpu_percent = 5,
	.batch_pages = 512,
	.swap = 1,
};

static const char *swap_refusal(unsigned int n)
{
	return n ? NULL : mr_cgfile_noswap_refusal();
}

const struct mr_tunable mr_tunables[MR_T_NR] = {
	[MR_T_REAP_BACKGROUND] = { "reap_background", MR_NUMBER,
				   &mr_config.reap_background, 0, 1 },
	[MR_T_METHOD] = { "method", MR_METHOD, &mr_config.method },
	[MR_T_SCAN_INTERVAL_MS] = { "scan_interval_ms", MR_NUMBER,
				    &mr_config.scan_interval_ms, 10, 3600000 },
	[MR_T_MIN_AGE_MS] = { "min_age_ms", MR_NUMBER,
			      &mr_config.min_age_ms, 0, 3600000 },
	[MR_T_CPU_PERCENT] = { "cpu_percent", MR_NUMBER,
			       &mr_config.cpu_percent, 1, 100 },
	[MR_T_BATCH_PAGES] = { "batch_pages", MR_NUMBER,
			       &mr_config.batch_pages, 32, 65536 },
	[MR_T_SWAP] = { "swap", MR_NUMBER, &mr_config.swap, 0, 1,
			swap_refusal },
	[MR_T_SUBTREE] = { "subtree", MR_PATH },
};

/* Only where there is nothing else. */
static const char *none_refusal(void)
{
	return mr_evict_refusal() ? NULL : MR_NOT_HERE;
}

/* Methods that exist, and why not, where they can't be used here. */
static const struct {
	const char *name;
	const char *(*refusal)(void);
} methods[MR_METHOD_NR] = {
	[MR_EVICT]	= { "evict", mr_evict_refusal },
	[MR_REPARENT]	= { "reparent", mr_reparent_refusal },
	[MR_RECHARGE]	= { "recharge", mr_recharge_refusal },
	[MR_NONE]	= { "none", none_refusal },
};

/*
 * Serialises writers of tunables; also held by readers of the path, which is
 * the only value larger than a word. Innermost lock, nothing sleeps under it
 * but its own waiters.
 */
static DEFINE_MUTEX(config_lock);
static char subtree[MR_SUBTREE_MAX] = "/";
static atomic_t generation = ATOMIC_INIT(0);

/* Say in one line why a text was refused; only its harmless part is shown. */
static __printf(4, 5) int refuse(const struct mr_tunable *t, const char *text,
				 int err, const char *fmt, ...)
{
	struct va_format why;
	va_list args;
	int len;

	for (len = 0; len < 32 && text[len] >= ' ' && text[len] < 0x7f; len++)
		;
	va_start(args, fmt);
	why.fmt = fmt;
	why.va = &args;
	pr_warn("%s: \"%.*s\" refused: %pV\n", t->name, len, text, &why);
	va_end(args);
	return err;
}

/**
 * mr_method_name() - the name of a method
 * @method: enum mr_method
 *
 * Return: a word.
 */
const char *mr_method_name(unsigned int method)
{
	return method < MR_METHOD_NR ? methods[method].name : "unknown";
}

/**
 * mr_path_below() - whether a group's path lies below another
 * @path: path of the group
 * @top: absolute path without a slash at its end, or "/"
 *
 * Return: true if @path is longer than @top and begins with all its parts.
 */
bool mr_path_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (len == 1)
		return path[0] == '/' && path[1];
	return !strncmp(path, top, len) && path[len] == '/';
}

static int set_number(const struct mr_tunable *t, const char *text)
{
	const char *why;
	unsigned int n;

	if (kstrtouint(text, 10, &n))
		return refuse(t, text, -EINVAL, "not a number");
	if (n < t->min || n > t->max)
		return refuse(t, text, -EINVAL, "not in %u to %u", t->min,
			      t->max);
	why = t->refusal ? t->refusal(n) : NULL;
	if (why)
		return refuse(t, text, -EOPNOTSUPP, "%s", why);
	WRITE_ONCE(*t->value, n);
	return 0;
}

static int set_method(const struct mr_tunable *t, const char *text)
{
	const char *why;
	int i;

	for (i = 0; i < MR_METHOD_NR; i++)
		if (sysfs_streq(text, methods[i].name))
			break;
	if (i == MR_METHOD_NR)
		return refuse(t, text, -EINVAL,
			      "not evict, reparent or recharge");
	why = methods[i].refusal();
	if (why)
		return refuse(t, text, -EOPNOTSUPP, "%s", why);
	WRITE_ONCE(*t->value, i);
	return 0;
}

/* Each part of a path is a name: not empty, not "." or "..", on one line. */
static bool is_plain(const char *path, size_t len)
{
	size_t start, end;

	for (start = 1; len > 1 && start <= len; start = end + 1) {
		for (end = start; end < len && path[end] != '/'; end++)
			if (path[end] == '\n')
				return false;
		if (end == start ||
		    (end - start <= 2 && path[start] == '.' &&
		     path[end - 1] == '.'))
			return false;
	}
	return true;
}

static int set_path(const struct mr_tunable *t, const char *text)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		len--;
	if (!len || text[0] != '/')
		return refuse(t, text, -EINVAL, "not an absolute path");
	while (len > 1 && text[len - 1] == '/')
		len--;
	if (len >= MR_SUBTREE_MAX)
		return refuse(t, text, -EINVAL, "longer than %u bytes",
			      MR_SUBTREE_MAX - 1);
	if (!is_plain(text, len))
		return refuse(t, text, -EINVAL, "not a plain path");
	memcpy(subtree, text, len);
	subtree[len] = '\0';
	return 0;
}

/**
 * mr_tunable_set() - set a tunable from text
 * @t: the tunable
 * @text: what was written, with or without a newline at the end
 *
 * Context: process context, sleeps.
 *
 * Return: 0; -EINVAL or -EOPNOTSUPP after one line in the log, with the old
 * value kept.
 */
int mr_tunable_set(const struct mr_tunable *t, const char *text)
{
	int ret;

	mutex_lock(&config_lock);
	switch (t->kind) {
	case MR_METHOD:
		ret = set_method(t, text);
		break;
	case MR_PATH:
		ret = set_path(t, text);
		break;
	default:
		ret = set_number(t, text);
	}
	if (!ret)
		atomic_inc(&generation);
	mutex_unlock(&config_lock);
	return ret;
}

static int show_methods(char *page)
{
	unsigned int now = READ_ONCE(mr_config.method);
	int i, len = 0;

	for (i = 0; i < MR_METHOD_NR; i++) {
		if (methods[i].refusal())
			continue;
		len += scnprintf(page + len, PAGE_SIZE - len,
				 i == now ? "%s[%s]" : "%s%s",
				 len ? " " : "", methods[i].name);
	}
	return len + scnprintf(page + len, PAGE_SIZE - len, "\n");
}

/**
 * mr_tunable_show() - print a tunable
 * @t: the tunable
 * @page: one page
 *
 * Return: length of the text.
 */
int mr_tunable_show(const struct mr_tunable *t, char *page)
{
	int len;

	switch (t->kind) {
	case MR_METHOD:
		return show_methods(page);
	case MR_PATH:
		mutex_lock(&config_lock);
		len = scnprintf(page, PAGE_SIZE, "%s\n", subtree);
		mutex_unlock(&config_lock);
		return len;
	default:
		return scnprintf(page, PAGE_SIZE, "%u\n",
				 READ_ONCE(*t->value));
	}
}

/**
 * mr_config_generation() - a number that changes with every setting
 *
 * Return: the number; whoever sleeps on a tunable compares it.
 */
unsigned int mr_config_generation(void)
{
	return atomic_read(&generation);
}

/**
 * mr_subtree_all() - whether every group is meant
 *
 * Return: true if no path needs to be looked up.
 */
bool mr_subtree_all(void)
{
	/* A torn read is a path that was current a moment ago. */
	return !READ_ONCE(subtree[1]);
}

/**
 * mr_subtree_match() - whether a group was removed below the subtree
 * @path: the path it had
 *
 * Context: process context, sleeps.
 *
 * Return: true if it was.
 */
bool mr_subtree_match(const char *path)
{
	bool match;

	mutex_lock(&config_lock);
	match = mr_path_below(path, subtree);
	mutex_unlock(&config_lock);
	return match;
}
