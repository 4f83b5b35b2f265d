# SPDX-License-Identifier: GPL-2.0
# memcg_reaper: build, install, test. `make help` lists the targets.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
NAME := memcg_reaper
DKMS_SRC := /usr/src/$(NAME)-$(VERSION)
SHIPPED := Kbuild Makefile dkms.conf $(wildcard kmod/*.[ch])

DESTDIR :=
# Empty: units are left out.
UNITDIR := /usr/lib/systemd/system

.PHONY: all modules install install-tools clean dkms-install dkms-remove deb lint check check-long \
	kunit demo bench help

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	$(if $(INSTALL_MOD_PATH),,depmod -a $(shell cat $(KDIR)/include/config/kernel.release))

# The command, its manual, the timer for metrics.
install-tools:
	install -d $(DESTDIR)/usr/sbin $(DESTDIR)/usr/share/man/man8
	sed 's/@VERSION@/$(VERSION)/' scripts/memcg-reaperctl >$(DESTDIR)/usr/sbin/memcg-reaperctl
	chmod 755 $(DESTDIR)/usr/sbin/memcg-reaperctl
	install -m 644 Documentation/memcg-reaperctl.8 $(DESTDIR)/usr/share/man/man8/
	$(if $(UNITDIR),install -d $(DESTDIR)$(UNITDIR) && \
		install -m 644 scripts/packaging/systemd/* $(DESTDIR)$(UNITDIR)/)

# memcg-reaper-dkms and memcg-reaper-tools, in DEBDIR
deb:
	scripts/deb.sh $(DEBDIR)

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean

# The running kernel, or each one in KVERS, and every one installed later.
dkms-install:
	[ -z "$$(dkms status -m $(NAME) -v $(VERSION))" ] || \
		dkms remove -m $(NAME) -v $(VERSION) --all
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp --parents $(SHIPPED) $(DKMS_SRC)/
	dkms add -m $(NAME) -v $(VERSION)
	for k in $(or $(KVERS),$(KVER)); do \
		dkms build -m $(NAME) -v $(VERSION) -k $$k && \
		dkms install -m $(NAME) -v $(VERSION) -k $$k || exit; \
	done

dkms-remove:
	dkms remove -m $(NAME) -v $(VERSION) --all
	rm -rf $(DKMS_SRC)

lint:
	scripts/lint.sh

check:
	scripts/check.sh

check-long:
	scripts/check.sh --long
	MR_DEBUG_KERNELS='6.12-kcsan 6.12-rt' scripts/check.sh --debug
	MR_KERNELS=5.10 scripts/check.sh
	scripts/matrix.sh
	scripts/kunit.sh
	scripts/selftests.sh
	scripts/setup.sh metrics
	scripts/tests/host-ctl.sh
	scripts/manifests.sh
	scripts/packages.sh
	scripts/fresh-vm.sh

# All suites; or SUITES='memcg_reaper_find*', on KERNELS="6.1 6.12"
kunit:
	scripts/kunit.sh $(if $(SUITES),--suites '$(SUITES)') $(KERNELS)

demo:
	scripts/demo.sh

# Documentation/bench: figures, tables, plots
bench:
	scripts/bench.sh all

help:
	@echo 'make [KDIR=...]       build $(NAME).ko for the kernel in KDIR'
	@echo 'make install          install it for that kernel'
	@echo 'make install-tools    install memcg-reaperctl, its manual and units [DESTDIR=]'
	@echo 'make deb              build Debian packages [DEBDIR=.]'
	@echo 'make dkms-install     install it by DKMS [KVERS="releases"]'
	@echo 'make dkms-remove      undo that'
	@echo 'make clean            remove what was built'
	@echo 'make demo             show it in a virtual machine (root, Debian 12)'
	@echo 'make check            run all tests (root, Debian 12)'
	@echo 'make check-long       hours: debug kernels, 5.10, what takes long, the matrix, selftests'
	@echo 'make bench            hours: all benchmarks, on an undisturbed machine of 24 GiB'
	@echo 'make kunit            KUnit suites, in kernels made for them (Debian 12)'
	@echo 'make lint             static checks'
