/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memcg_reaper

#if !defined(MR_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MR_TRACE_H

#include <linux/fs.h>
#include <linux/tracepoint.h>

/* Method by index, as in config.h. */
#define show_mr_method(m) \
	__print_symbolic(m, { 0, "evict" }, { 1, "reparent" }, { 2, "recharge" }, \
			 { 3, "none" })

/**
 * reap_pass_begin - a pass over all groups starts
 * @pass: its number, the same as in reap_pass_end
 * @method: what is done with offline groups
 * @nr_dying: groups that the kernel counts as dying
 */
TRACE_EVENT(reap_pass_begin,
	TP_PROTO(u64 pass, unsigned int method, int nr_dying),
	TP_ARGS(pass, method, nr_dying),
	TP_STRUCT__entry(
		__field(u64, pass)
		__field(unsigned int, method)
		__field(int, nr_dying)
	),
	TP_fast_assign(
		__entry->pass = pass;
		__entry->method = method;
		__entry->nr_dying = nr_dying;
	),
	TP_printk("pass=%llu method=%s nr_dying=%d", __entry->pass,
		  show_mr_method(__entry->method), __entry->nr_dying)
);

/**
 * reap_pass_end - a pass is over
 * @pass: its number
 * @seen: offline groups that it met
 * @tried: those that it worked on
 * @bytes: what it took off them
 * @result: 0, or the errno that ended it early
 */
TRACE_EVENT(reap_pass_end,
	TP_PROTO(u64 pass, unsigned long seen, unsigned long tried, u64 bytes,
		 int result),
	TP_ARGS(pass, seen, tried, bytes, result),
	TP_STRUCT__entry(
		__field(u64, pass)
		__field(unsigned long, seen)
		__field(unsigned long, tried)
		__field(u64, bytes)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->pass = pass;
		__entry->seen = seen;
		__entry->tried = tried;
		__entry->bytes = bytes;
		__entry->result = result;
	),
	TP_printk("pass=%llu seen=%lu tried=%lu bytes=%llu result=%d",
		  __entry->pass, __entry->seen, __entry->tried, __entry->bytes,
		  __entry->result)
);

/**
 * reap_group_begin - work on an offline group starts
 * @id: its cgroup id
 * @method: what is done with it
 */
TRACE_EVENT(reap_group_begin,
	TP_PROTO(u64 id, unsigned int method),
	TP_ARGS(id, method),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(unsigned int, method)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->method = method;
	),
	TP_printk("id=%llu method=%s", __entry->id,
		  show_mr_method(__entry->method))
);

/**
 * reap_group_end - work on an offline group is over for now
 * @id: its cgroup id
 * @method: what was done with it
 * @bytes: what was taken off it
 * @ns: time spent on it, sleeps for the budget not included
 * @result: name of the result, as in debugfs
 */
TRACE_EVENT(reap_group_end,
	TP_PROTO(u64 id, unsigned int method, u64 bytes, u64 ns,
		 const char *result),
	TP_ARGS(id, method, bytes, ns, result),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(unsigned int, method)
		__field(u64, bytes)
		__field(u64, ns)
		__array(char, result, 16)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->method = method;
		__entry->bytes = bytes;
		__entry->ns = ns;
		strscpy(__entry->result, result, sizeof(__entry->result));
	),
	TP_printk("id=%llu method=%s bytes=%llu ns=%llu result=%s",
		  __entry->id, show_mr_method(__entry->method), __entry->bytes,
		  __entry->ns, __entry->result)
);

/**
 * inode_switch - the kernel has accepted to move an inode's writeback
 * @inode: the inode, referenced
 * @from: cgroup id of the offline group
 * @to: cgroup id of the nearest online ancestor
 */
TRACE_EVENT(inode_switch,
	TP_PROTO(const struct inode *inode, u64 from, u64 to),
	TP_ARGS(inode, from, to),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, ino)
		__field(u64, from)
		__field(u64, to)
	),
	TP_fast_assign(
		__entry->dev = inode->i_sb->s_dev;
		__entry->ino = inode->i_ino;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("dev=%d:%d ino=%llu from=%llu to=%llu",
		  MAJOR(__entry->dev), MINOR(__entry->dev), __entry->ino,
		  __entry->from, __entry->to)
);

#endif /* MR_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
