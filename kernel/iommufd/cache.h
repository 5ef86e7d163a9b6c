/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slab caches for what whoever takes it fills in whole.
 */
#ifndef IOMMUFD_CACHE_H
#define IOMMUFD_CACHE_H

#include <linux/slab.h>

static inline void construct_nothing(void *object)
{
}

/**
 * uncleared_cache_create() - a slab cache whose objects are as they were left
 * @name: as in /proc/slabinfo
 * @size: of an object, bytes
 *
 * Debian's init_on_alloc=1 clears what is allocated, in vain here. The kernel
 * leaves alone what has a constructor (and does not poison it, nor clear it when
 * it is freed; KASAN watches over it all the same). May sleep.
 *
 * Return: the cache, for kmem_cache_destroy(), or NULL.
 */
static inline struct kmem_cache *uncleared_cache_create(const char *name,
							unsigned int size)
{
	return kmem_cache_create(name, size, 0, SLAB_ACCOUNT,
				 construct_nothing);
}

#endif
