/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/file-stamp.h"

#include <errno.h>

#define FILE_MAX (64 * 1024 * 1024)

char *
pli_file_stamp_read(const char *path, PliFileStamp *ret_stamp, gsize *ret_len,
		    GError **error)
{
	char *octets = NULL;
	int code = 0;

	if (!pli_file_stamp_get(path, ret_stamp))
		code = errno;
	else if (ret_stamp->octets > FILE_MAX)
		code = EFBIG;
	if (code != 0)
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
			    "%s: %s", path, g_strerror(code));
	else
		g_file_get_contents(path, &octets, ret_len, error);
	return octets;
}
