/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The version of everything in this repository: modules, policies, tools. */
#define IOMMUFD_BPF_VERSION "0.1.0"
