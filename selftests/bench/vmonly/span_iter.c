// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without iommufd has no interval_tree_span_iter_*(): they are built
 * into the peer's module, from the kernel's own lib/interval_tree.c beside it.
 * The rest of that file comes along, as copies that the module keeps for
 * itself.
 */
#include <linux/interval_tree.h>
#include <linux/interval_tree_generic.h>
#include <linux/compiler.h>
#include <linux/export.h>

#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(sym)

#include "../../../lib/interval_tree.c"
