/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmsg.h - wait for a line of the kernel's log
 *
 * Owns: one open /dev/kmsg per struct kmsg, positioned where kmsg_start() left
 * it: only what is logged later is seen.
 */
#ifndef SELFTESTS_LIB_KMSG_H
#define SELFTESTS_LIB_KMSG_H

#include <linux/types.h>
#include <stdbool.h>

/* Start after what is there now; a descriptor or -errno. */
int kmsg_start(void);

/*
 * kmsg_wait_iommu_fault - wait for the IOMMU's report of a blocked DMA
 * @fd: of kmsg_start()
 * @iova: an address in the page that the device must not have reached
 * @timeout_ms: how long to wait
 *
 * Knows VT-d's form ("DMAR: [DMA Write ...] ... fault addr 0x...") and
 * AMD-Vi's ("Event logged [IO_PAGE_FAULT ... address=0x..."). Other lines are
 * passed over. True when a fault in that page was seen; *@write_access then
 * says which kind it was: 1 a write, 0 a read, -1 not said.
 */
bool kmsg_wait_iommu_fault(int fd, __u64 iova, int timeout_ms,
			   int *write_access);

#endif
