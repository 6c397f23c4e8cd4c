/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of format=flowed says the same whole and in pieces. The first
 * octet chooses DelSp and the length of the pieces. */
#include "tests/lib/flowed-run.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) whole = NULL;
	g_autoptr(GBytes) cut = NULL;
	g_autofree PliSlice *pieces = NULL;
	gpointer flags;
	PliSlice in;
	gsize step, n = 0;

	if (size < 2 || size > 4096)
		return 0;
	flags = GUINT_TO_POINTER(PLI_FLOWED_RUN_MARKS |
				 (data[0] & PLI_FLOWED_RUN_DELSP));
	step = data[0] / 2 % 40 + 1;
	in = pli_slice_new(data + 1, size - 1);
	pieces = g_new(PliSlice, size);
	for (PliSlice rest = in; rest.len > 0;) {
		PliSlice piece = {rest.data, MIN(step, rest.len)};

		pieces[n++] = piece;
		rest = pli_slice_skip(rest, piece.len);
	}
	whole = pli_flowed_run(&in, 1, flags);
	cut = pli_flowed_run(pieces, n, flags);
	g_assert(g_bytes_equal(whole, cut));
	return 0;
}
