/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stored structure with a right checksum and any content: it is refused, or
 * every accessor answers inside its bounds.
 */
#include "engine/structure-priv.h"

#include "engine/bodystructure.h"
#include "engine/decoded-source.h"
#include "engine/section.h"
#include "tests/lib/transcribe.h"

#include <stdint.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the octets are, sources open and answer. */
static void
read_sources(const PliStructure *structure)
{
	g_autoptr(GBytes) bytes = g_bytes_new_static("QUJD", 4);
	g_autoptr(PliSource) message = pli_source_new_bytes(bytes);

	for (guint32 k = 1; k <= pli_structure_get_n_sources(structure) &&
	                    k < 100; k++) {
		g_autoptr(PliSource) source =
		        pli_decoded_source_new(structure, message, k);
		guint64 length = pli_source_get_length(source);
		PliSlice octets;

		g_assert_cmpuint(length, ==,
		                 pli_structure_get_source_length(structure, k));
		if (pli_source_read_at(source, 0, 9, &octets, NULL) ==
		    PLI_STEP_READY)
			g_assert_cmpuint(octets.len, <=, MIN(9, length));
	}
}

static void
read_all(const PliStructure *structure)
{
	g_autofree char *tree = pli_transcribe_tree(structure);
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, 1 << 20);
	(void)pli_bodystructure_format(structure, TRUE, &buf);
	for (guint32 i = 0; i < pli_structure_get_n_fields(structure); i++) {
		PliField field;

		pli_structure_get_field(structure, i, &field);
		g_assert_cmpuint(field.span.offset + field.span.length, <=,
		                 pli_structure_get_source_length(
		                         structure, field.span.source));
	}
	for (guint32 number = 1; number < 4; number++) {
		PliSection section = {1, {number}, PLI_SECTION_MIME};
		guint32 part;
		PliSpan span;
		guint64 bare_lf;

		if (pli_section_find_span(structure, &section, &part, &span,
		                          &bare_lf))
			g_assert_cmpuint(span.offset + span.length, <=,
			                 pli_structure_get_source_length(
			                         structure, span.source));
	}
	read_sources(structure);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree guint8 *copy = g_memdup2(data, size);
	g_autoptr(GBytes) bytes = g_bytes_new_static(copy, size);
	g_autoptr(PliStructure) structure = NULL;

	if (size >= PLI_HEAD_SIZE) {
		memcpy(copy, PLI_STRUCTURE_MAGIC, 4);
		pli_store16(copy + PLI_HEAD_LAYOUT, PLI_STRUCTURE_LAYOUT);
		pli_store32(copy + PLI_HEAD_TOTAL, size);
		pli_store64(copy + PLI_HEAD_CHECKSUM,
		            pli_structure_compute_checksum(copy, size));
	}
	structure = pli_structure_open(bytes, NULL);
	if (structure != NULL)
		read_all(structure);
	return 0;
}
