/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/disguise.h"

#include "engine/decoded-source.h"
#include "engine/escape-look.h"
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

gboolean
pli_disguise_find_escapes(PliDisguise *disguise, const PliPart *part,
			  PliDefectSet *set, GError **error)
{
	PliSpan rest = part->body;
	PliEscapeLook look = PLI_ESCAPE_TEXT;
	PliSlice octets;

	if (part->encoding != PLI_ENCODING_QUOTED_PRINTABLE)
		return TRUE;
	set_source(disguise, rest.source);
	do {
		if (!pli_message_read_span(disguise->source, &rest, BLOCK,
					   &octets, error))
			return FALSE;
		pli_escape_look_feed(&look, octets, set);
	} while (octets.len > 0);
	return TRUE;
}
