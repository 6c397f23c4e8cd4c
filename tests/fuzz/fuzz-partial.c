/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of a message, parted by lines of "%%": whatever they are, the spans of
 * the whole lie inside them, and it is no longer than they are. */
#include "tests/lib/partial-run.h"

#define MAX_PIECES 8

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	PliSlice pieces[MAX_PIECES], rest = pli_slice_new(data, size);
	g_autoptr(GByteArray) whole = NULL;
	PliDefectSet set = {0};
	guint32 n = 0;

	if (size == 0 || size > 8192)
		return 0;
	while (n < MAX_PIECES) {
		const guint8 *end = memmem(rest.data, rest.len, "\n%%\n", 4);
		const gsize len =
			end != NULL ? (gsize)(end - rest.data) + 1 : rest.len;

		pieces[n++] = pli_slice_new(rest.data, len);
		if (end == NULL)
			break;
		rest = pli_slice_skip(rest, len + 3);
	}
	whole = pli_partial_run(pieces, n, &set);
	/* BinHex may give 96 times what it takes. */
	g_assert(whole == NULL || whole->len <= 100 * size + 1000);
	return 0;
}
