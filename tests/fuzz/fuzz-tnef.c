/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TNEF reader says the same whole and in pieces, and its items lie inside
 * the stream. The first octet chooses the length of the pieces and limits. */
#include "tests/lib/tnef-run.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) whole = NULL;
	g_autoptr(GBytes) cut = NULL;
	g_autofree PliSlice *pieces = NULL;
	PliLimits limits = pli_limits_default;
	PliSlice in;
	gsize step, n = 0;

	if (size < 2 || size > 8192)
		return 0;
	step = data[0] / 2 % 60 + 1;
	if (data[0] & 1) {
		limits.parts = 3;
		limits.string_octets = 40;
	}
	in = pli_slice_new(data + 1, size - 1);
	pieces = g_new(PliSlice, size);
	for (PliSlice rest = in; rest.len > 0;) {
		PliSlice piece = {rest.data, MIN(step, rest.len)};

		pieces[n++] = piece;
		rest = pli_slice_skip(rest, piece.len);
	}
	whole = pli_tnef_run(&in, 1, &limits);
	cut = pli_tnef_run(pieces, n, &limits);
	g_assert(g_bytes_equal(whole, cut));
	return 0;
}
