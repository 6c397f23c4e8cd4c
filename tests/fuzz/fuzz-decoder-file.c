/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoders of whole files (uuencode, xxencode, yEnc, BinHex) give the same
 * octets and defects whole and in pieces, and never more than they promised.
 * The first octet chooses the encoding, the second the length of the pieces.
 */
#include "tests/lib/decode.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) whole = NULL;
	g_autoptr(GBytes) cut = NULL;
	g_autofree PliSlice *pieces = NULL;
	PliSlice in;
	gpointer encoding;
	gsize step, n = 0;

	if (size < 2 || size > 4096)
		return 0;
	encoding = GINT_TO_POINTER(PLI_ENCODING_UUENCODE + data[0] % 4);
	step = data[1] % 8 + 1;
	in = pli_slice_new(data + 2, size - 2);
	pieces = g_new(PliSlice, size);
	for (PliSlice rest = in; rest.len > 0;) {
		PliSlice piece = {rest.data, MIN(step, rest.len)};

		pieces[n++] = piece;
		rest = pli_slice_skip(rest, piece.len);
	}
	whole = pli_decode_run(&in, 1, encoding);
	cut = pli_decode_run(pieces, n, encoding);
	g_assert(g_bytes_equal(whole, cut));
	return 0;
}
