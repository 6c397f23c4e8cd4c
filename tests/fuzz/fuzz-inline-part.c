/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of inline blocks says the same whole and in pieces, and its
 * blocks lie in order. The first octet chooses the length of the pieces. */
#include "tests/lib/inline-run.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) whole = NULL;
	g_autoptr(GBytes) cut = NULL;
	g_autofree PliSlice *pieces = NULL;
	PliSlice in;
	gsize step, n = 0;

	if (size < 2 || size > 4096)
		return 0;
	step = data[0] % 80 + 1;
	in = pli_slice_new(data + 1, size - 1);
	pieces = g_new(PliSlice, size);
	for (PliSlice rest = in; rest.len > 0;) {
		PliSlice piece = {rest.data, MIN(step, rest.len)};

		pieces[n++] = piece;
		rest = pli_slice_skip(rest, piece.len);
	}
	whole = pli_inline_run(&in, 1, NULL);
	cut = pli_inline_run(pieces, n, NULL);
	g_assert(g_bytes_equal(whole, cut));
	return 0;
}
