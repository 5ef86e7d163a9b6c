/* SPDX-License-Identifier: GPL-2.0-only */
/* How a recording of iommutrace begins. */
#ifndef FILE_MAGIC_H
#define FILE_MAGIC_H

#define FILE_MAGIC "iommutrace recording 1\n"

#endif
