/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A section specification: what is read, and written again from the part it
 * names, names the same part.
 */
#include "engine/section.h"

#include "engine/parser.h"

#include <stdint.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message[] =
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
        "--a\r\n\r\none\r\n"
        "--a\r\nContent-Type: message/rfc822\r\n\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\n\r\ntwo\r\n--b\r\n\r\nthree\r\n--b--\r\n"
        "--a\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nfour\r\n"
        "--a--\r\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static PliStructure *structure;
	PliSection section, again;
	g_autofree char *path = NULL;
	guint32 part, same;
	guint64 bare_lf;
	PliSpan span;

	if (structure == NULL)
		structure = pli_parser_parse(pli_slice_from_string(message),
		                             PLI_LINE_AS_IS, NULL);
	if (!pli_section_parse(pli_slice_new(data, size), &section))
		return 0;
	if (pli_section_find_span(structure, &section, &part, &span, &bare_lf))
		g_assert_cmpuint(span.offset + span.length, <=,
		                 strlen(message));
	if (!pli_section_find_part(structure, &section, &part))
		return 0;
	path = pli_section_format_path(structure, part);
	g_assert_true(pli_section_parse(pli_slice_from_string(path), &again));
	g_assert_true(pli_section_find_part(structure, &again, &same));
	/* a multipart in a message shares the message's number */
	g_assert_true(same == part || same + 1 == part);
	return 0;
}
