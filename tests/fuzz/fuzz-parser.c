/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first octet says how the rest, a message, is cut. Properties: the cut
 * changes nothing, the structure opens again, its texts are clean ASCII, and
 * a derived structure equals a scanned one.
 */
#include "engine/bodystructure.h"
#include "engine/derive.h"
#include "engine/envelope.h"
#include "engine/parser.h"
#include "tests/lib/transcribe.h"

#include <stdint.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cut(PliSlice message, gsize piece, PliLineMode mode)
{
	g_autofree PliSlice *pieces = g_new(PliSlice, message.len / piece + 1);
	g_autoptr(GBytes) whole = NULL, cut = NULL;
	PliSlice rest = message;
	gsize n = 0;

	while (rest.len > 0) {
		pieces[n] = pli_slice_new(rest.data, MIN(piece, rest.len));
		rest = pli_slice_skip(rest, pieces[n++].len);
	}
	whole = pli_transcribe(&message, 1, GINT_TO_POINTER(mode));
	cut = pli_transcribe(pieces, n, GINT_TO_POINTER(mode));
	g_assert_true(g_bytes_equal(whole, cut));
}

static void
check_texts(const PliStructure *structure)
{
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, G_MAXSIZE / 2);
	g_assert_true(pli_bodystructure_format(structure, TRUE, &buf));
	g_assert_true(pli_bodystructure_format(structure, FALSE, &buf));
	g_assert_true(pli_envelope_format(structure, 0, &buf));
	for (gsize i = 0; i < buf.len; i++)
		g_assert_true(buf.data[i] > 0 && buf.data[i] < 128 &&
		              buf.data[i] != '\r' && buf.data[i] != '\n');
}

static void
check_derive(const PliStructure *structure, PliSlice message,
             PliLineMode mode)
{
	static const char fields[] =
		"Return-Path: <>\r\nReceived: by x;\r\n\t1\r\n";
	g_autoptr(PliStructure) derived = NULL, scanned = NULL;
	g_autoptr(GByteArray) edited = g_byte_array_new();
	g_autoptr(GError) error = NULL;

	derived = pli_derive_prepend(structure, pli_slice_from_string(fields),
	                             NULL, &error);
	if (derived == NULL) {
		g_assert_error(error, PLI_DERIVE_ERROR, PLI_DERIVE_ERROR_LIMIT);
		return;
	}
	g_byte_array_append(edited, (const guint8 *)fields, strlen(fields));
	g_byte_array_append(edited, message.data, message.len);
	scanned = pli_parser_parse(pli_slice_new(edited->data, edited->len),
	                           mode, NULL);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(derived),
	                            pli_structure_get_bytes(scanned)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PliSlice message = {data, size};
	PliLineMode mode = PLI_LINE_AS_IS;
	gsize piece = 1;
	g_autoptr(PliStructure) structure = NULL, opened = NULL;

	if (size > 0) {
		message = pli_slice_skip(message, 1);
		mode = data[0] & 1;
		piece = 1 + (data[0] >> 1) % 64;
	}
	check_cut(message, piece, mode);
	structure = pli_parser_parse(message, mode, NULL);
	opened = pli_structure_open(pli_structure_get_bytes(structure), NULL);
	g_assert_nonnull(opened);
	check_texts(opened);
	check_derive(opened, message, mode);
	return 0;
}
