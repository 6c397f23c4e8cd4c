/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One header: its lines, and what Content-* and envelope fields say. The first
 * octet says how it is cut, and whether the limits are small. The cut changes
 * nothing; the fields' spans follow one another without a gap and fill the
 * header; what is kept of them is unfolded, names a field that is there, and
 * with small limits is no more than they allow, or the structure says so.
 */
#include "engine/parser.h"
#include "tests/lib/transcribe.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static const char body[] = "\r\n\r\nbody\r\n";

static void
check_cut(PliSlice message, gsize step)
{
	g_autofree PliSlice *pieces = g_new(PliSlice, message.len / step + 1);
	g_autoptr(GBytes) whole = NULL, cut = NULL;
	gsize n = 0;

	for (PliSlice rest = message; rest.len > 0; n++) {
		pieces[n] = pli_slice_new(rest.data, MIN(step, rest.len));
		rest = pli_slice_skip(rest, pieces[n].len);
	}
	whole = pli_transcribe(&message, 1, GINT_TO_POINTER(PLI_LINE_AS_IS));
	cut = pli_transcribe(pieces, n, GINT_TO_POINTER(PLI_LINE_AS_IS));
	g_assert_true(g_bytes_equal(whole, cut));
}

/* Where the octets end that a part's header can have. */
static guint64
get_most(const PliStructure *structure, const PliPart *part)
{
	PliPart parent;

	if (part->parent == PLI_NONE)
		return pli_structure_get_length(structure);
	pli_structure_get_part(structure, part->parent, &parent);
	return parent.body.offset + parent.body.length;
}

/* The fields of one part lie in a row; an empty line may end its header. The
 * last line has no end where a message has none that lies, undecoded, in a part
 * with an encoding. */
static void
check_fields(const PliStructure *structure, const PliPart *part,
             PliSlice message)
{
	guint64 at = part->header.offset;
	const guint64 end = at + part->header.length;
	const guint64 most = get_most(structure, part);

	for (guint32 i = 0; i < part->n_fields; i++) {
		PliField field;

		pli_structure_get_field(structure, part->first_field + i,
		                        &field);
		g_assert_cmpuint(field.span.offset, ==, at);
		g_assert_cmpuint(field.span.length, >, 0);
		at += field.span.length;
		g_assert_cmpuint(at, <=, end);
		g_assert_cmpuint(message.data[at - 1] == '\n' ||
		                         at == most,
		                 ==, TRUE);
		if (field.name_length > 0)
			g_assert_cmpuint(message.data[field.span.offset +
			                              field.value_start - 1],
			                 ==, ':');
	}
	g_assert_cmpuint(end - at, <=, 2);
}

static gsize
check_items(const PliStructure *structure, const PliPart *part)
{
	gsize octets = 0;

	for (guint32 i = 0; i < part->n_items; i++) {
		PliItem item;

		pli_structure_get_item(structure, part, i, &item);
		g_assert_cmpuint(item.field, <,
		                 pli_structure_get_n_fields(structure));
		if (item.value.len > 0)
			g_assert_null(memchr(item.value.data, '\n',
			                     item.value.len));
		octets += item.name.len + item.value.len;
	}
	return octets;
}

static void
check_structure(PliSlice message, const PliLimits *limits)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_AS_IS, limits);
	const gboolean is_limited =
	        pli_structure_get_flags(structure) & PLI_STRUCTURE_LIMITED;
	const PliLimits *most = limits != NULL ? limits : &pli_limits_default;
	gsize octets = 0;

	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		octets += check_items(structure, &part);
		/* what lies in a decoding is not in the message */
		if (!is_limited && part.header.source == 0)
			check_fields(structure, &part, message);
	}
	g_assert_cmpuint(octets, <=, most->string_octets);
	g_assert_cmpuint(pli_structure_get_n_fields(structure), <=,
	                 most->fields);
	g_assert_cmpuint(pli_structure_get_length(structure), ==, message.len);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	PliLimits small = pli_limits_default;
	g_autoptr(GByteArray) message = g_byte_array_new();
	PliSlice slice;

	if (size < 2)
		return 0;
	small.fields = 4;
	small.field_octets = 64;
	small.header_octets = 256;
	small.parameters = 3;
	small.string_octets = 128;
	small.defects = 5;
	g_byte_array_append(message, data + 1, (guint)(size - 1));
	g_byte_array_append(message, (const guint8 *)body, strlen(body));
	slice = pli_slice_new(message->data, message->len);
	if (data[0] & 1)
		check_cut(slice, 1 + (data[0] >> 1) % 64);
	check_structure(slice, NULL);
	check_structure(slice, &small);
	return 0;
}
