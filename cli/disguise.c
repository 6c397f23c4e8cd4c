/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/disguise.h"

#include "engine/decoded-source.h"
#include "engine/inline-part.h"
#include "engine/look.h"

#define BLOCK (64 * 1024)

void
pli_disguise_init(PliDisguise *disguise, const PliMessage *message)
{
	*disguise = (PliDisguise){.message = message};
}

void
pli_disguise_clear(PliDisguise *disguise)
{
	pli_source_unref(disguise->source);
	disguise->source = NULL;
}

static void
set_source(PliDisguise *disguise, guint32 index)
{
	const PliMessage *message = disguise->message;

	if (disguise->source != NULL && disguise->index == index)
		return;
	pli_source_unref(disguise->source);
	disguise->source = pli_decoded_source_new(message->structure,
						  message->source, index);
	disguise->index = index;
}

gboolean
pli_disguise_find_part(PliDisguise *disguise, const PliSpan *span,
		       gboolean *ret_found, GError **error)
{
	g_autoptr(PliInlinePart) files = pli_inline_part_new();
	gboolean has_files = FALSE;
	PliSpan rest = *span;
	g_auto(PliLook) look;
	PliSlice octets;

	set_source(disguise, span->source);
	pli_look_init(&look, FALSE);
	do {
		PliInlinePartEvent event;

		if (!pli_message_read_span(disguise->source, &rest, BLOCK,
					   &octets, error))
			return FALSE;
		pli_look_feed(&look, octets);
		if (octets.len > 0)
			pli_inline_part_feed(files, octets);
		else
			pli_inline_part_finish(files);
		while (pli_inline_part_next(files, &event) == PLI_STEP_READY)
			has_files = TRUE;
	} while (octets.len > 0);
	pli_look_finish(&look);
	*ret_found = look.is_message || look.n_boundaries > 0 || has_files;
	return TRUE;
}

/* Where in an escape the last octet left off. */
typedef enum { IN_TEXT, AFTER_EQUALS, AFTER_DIGIT } Escape;

static Escape
take_octet(Escape state, guint8 c, PliDefectSet *set)
{
	if (c == '=')
		return AFTER_EQUALS;
	switch (state) {
	case AFTER_EQUALS:
		if (!g_ascii_isxdigit(c))
			return IN_TEXT;
		if (c >= 'a')
			pli_defect_set_add(set, PLI_DEFECT_QP_LOWER_CASE);
		return AFTER_DIGIT;
	case AFTER_DIGIT:
		if (g_ascii_isxdigit(c) && c >= 'a')
			pli_defect_set_add(set, PLI_DEFECT_QP_LOWER_CASE);
		return IN_TEXT;
	default: return IN_TEXT;
	}
}

/* Most escapes are as they should be. */
static gboolean
starts_with_regular(PliSlice octets)
{
	return octets.len >= 3 && octets.data[0] == '=' &&
	       g_ascii_isxdigit(octets.data[1]) && octets.data[1] < 'a' &&
	       g_ascii_isxdigit(octets.data[2]) && octets.data[2] < 'a';
}

static Escape
take_block(Escape state, PliSlice octets, PliDefectSet *set)
{
	while (octets.len > 0) {
		if (state == IN_TEXT) {
			const guint8 *next =
				memchr(octets.data, '=', octets.len);

			if (next == NULL)
				break;
			octets = pli_slice_skip(octets, next - octets.data);
			if (starts_with_regular(octets)) {
				octets = pli_slice_skip(octets, 3);
				continue;
			}
		}
		state = take_octet(state, octets.data[0], set);
		octets = pli_slice_skip(octets, 1);
	}
	return state;
}

gboolean
pli_disguise_find_escapes(PliDisguise *disguise, const PliPart *part,
			  PliDefectSet *set, GError **error)
{
	PliSpan rest = part->body;
	Escape state = IN_TEXT;
	PliSlice octets;

	if (part->encoding != PLI_ENCODING_QUOTED_PRINTABLE)
		return TRUE;
	set_source(disguise, rest.source);
	do {
		if (!pli_message_read_span(disguise->source, &rest, BLOCK,
					   &octets, error))
			return FALSE;
		state = take_block(state, octets, set);
	} while (octets.len > 0);
	return TRUE;
}
