// SPDX-License-Identifier: GPL-2.0
/*
 * The counters and histograms.
 */
#include "counters.h"

struct mr_counters mr_counters;
