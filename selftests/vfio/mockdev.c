// SPDX-License-Identifier: GPL-2.0-only
/*
 * mockdev.c - see mockdev.h
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "mockdev.h"
#include "test.h"
#include "vfio.h"

int mock_device_open(void)
{
	static const char pattern[] =
		"/sys/bus/platform/drivers/iommufd_mock_vfio/*/vfio-dev/vfio*";
	char path[64];
	glob_t found;

	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1)
		FAIL("there is no mock VFIO device");
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
		 strrchr(found.gl_pathv[0], '/') + 1);
	globfree(&found);
	return CHECK_FD(open(path, O_RDWR | O_CLOEXEC));
}
