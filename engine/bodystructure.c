/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/bodystructure.h"

#include "engine/envelope.h"
#include "engine/imap-writer-priv.h"

typedef struct {
	const PliStructure *structure;
	PliImapWriter writer;
	gboolean extended;
} Format;

static gboolean
is_charset(PliSlice name)
{
	return pli_slice_is(name, "charset") ||
	       (name.len > 7 &&
	        pli_slice_is(pli_slice_new(name.data, 8), "charset*"));
}

/* With `default_charset`, the one of RFC 2045 5.2 is written out when the
 * part names none, as RFC 9051's examples have it. */
static void
add_params(Format *f, const PliPart *part, PliItemKind kind,
           gboolean default_charset)
{
	gboolean any = FALSE;
	PliItem item;
	guint32 n = 0;

	while (pli_structure_next_item(f->structure, part, kind, &n, &item)) {
		pli_imap_writer_add(&f->writer, any ? " " : "(");
		pli_imap_writer_add_param(&f->writer, item.name, item.value);
		any = TRUE;
		default_charset = default_charset && !is_charset(item.name);
	}
	if (default_charset)
		pli_imap_writer_add(&f->writer,
		                    any ? " \"charset\" \"us-ascii\""
		                        : "(\"charset\" \"us-ascii\"");
	any = any || default_charset;
	pli_imap_writer_add(&f->writer, any ? ")" : "NIL");
}

static void
add_item_or_nil(Format *f, const PliPart *part, PliItemKind kind)
{
	PliItem item;

	if (pli_structure_find_item(f->structure, part, kind, &item))
		pli_imap_writer_add_text(&f->writer, item.value);
	else
		pli_imap_writer_add(&f->writer, "NIL");
}

static void
add_languages(Format *f, const PliPart *part)
{
	gboolean any = FALSE;
	PliItem item;
	guint32 n = 0;

	while (pli_structure_next_item(f->structure, part, PLI_ITEM_LANGUAGE,
	                               &n, &item)) {
		pli_imap_writer_add(&f->writer, any ? " " : "(");
		pli_imap_writer_add_text(&f->writer, item.value);
		any = TRUE;
	}
	pli_imap_writer_add(&f->writer, any ? ")" : "NIL");
}

/* body-fld-dsp, body-fld-lang, body-fld-loc */
static void
add_extension(Format *f, const PliPart *part)
{
	PliItem item;

	pli_imap_writer_add(&f->writer, " ");
	if (pli_structure_find_item(f->structure, part, PLI_ITEM_DISPOSITION,
	                            &item)) {
		pli_imap_writer_add(&f->writer, "(");
		pli_imap_writer_add_token(&f->writer, item.value);
		pli_imap_writer_add(&f->writer, " ");
		add_params(f, part, PLI_ITEM_DISPOSITION_PARAM, FALSE);
		pli_imap_writer_add(&f->writer, ")");
	} else {
		pli_imap_writer_add(&f->writer, "NIL");
	}
	pli_imap_writer_add(&f->writer, " ");
	add_languages(f, part);
	pli_imap_writer_add(&f->writer, " ");
	add_item_or_nil(f, part, PLI_ITEM_LOCATION);
}

/* What stands before the children, or all of a leaf but its extension. */
static void
open_part(Format *f, const PliPart *part)
{
	PliImapWriter *writer = &f->writer;
	gboolean opaque = part->flags & PLI_PART_OPAQUE;
	PliSlice type, subtype;
	PliItem item;

	pli_imap_writer_add(writer, "(");
	if (part->kind == PLI_PART_MULTIPART)
		return;
	pli_structure_get_type(f->structure, part, &type, &subtype);
	if (opaque) {
		type = PLI_SLICE_LITERAL("application");
		subtype = PLI_SLICE_LITERAL("octet-stream");
	}
	pli_imap_writer_add_token(writer, type);
	pli_imap_writer_add(writer, " ");
	pli_imap_writer_add_token(writer, subtype);
	pli_imap_writer_add(writer, " ");
	if (opaque)
		pli_imap_writer_add(writer, "NIL");
	else
		add_params(f, part, PLI_ITEM_TYPE_PARAM,
		           pli_slice_is(type, "text"));
	pli_imap_writer_add(writer, " ");
	add_item_or_nil(f, part, PLI_ITEM_ID);
	pli_imap_writer_add(writer, " ");
	add_item_or_nil(f, part, PLI_ITEM_DESCRIPTION);
	pli_imap_writer_add(writer, " ");
	if (pli_structure_find_item(f->structure, part, PLI_ITEM_ENCODING,
	                            &item))
		pli_imap_writer_add_token(writer, item.value);
	else
		pli_imap_writer_add(writer, "\"7bit\"");
	pli_imap_writer_add(writer, " ");
	pli_imap_writer_add_number(
	        writer, pli_structure_get_served_body(f->structure, part));
	if (part->kind == PLI_PART_MESSAGE) {
		pli_imap_writer_add(writer, " ");
		writer->ok = writer->ok &&
		             pli_envelope_format(
		                     f->structure,
		                     pli_structure_get_child(f->structure, part,
		                                             0),
		                     writer->buf);
		pli_imap_writer_add(writer, " ");
	} else if (pli_slice_is(type, "text")) {
		pli_imap_writer_add(writer, " ");
		pli_imap_writer_add_number(writer, part->body_lines);
	}
}

/* What stands after the children. */
static void
close_part(Format *f, const PliPart *part)
{
	PliImapWriter *writer = &f->writer;
	PliSlice type, subtype;

	if (part->kind == PLI_PART_MULTIPART) {
		pli_structure_get_type(f->structure, part, &type, &subtype);
		pli_imap_writer_add(writer, " ");
		pli_imap_writer_add_token(writer, subtype);
		if (f->extended) {
			pli_imap_writer_add(writer, " ");
			add_params(f, part, PLI_ITEM_TYPE_PARAM, FALSE);
		}
	} else {
		if (part->kind == PLI_PART_MESSAGE) {
			pli_imap_writer_add(writer, " ");
			pli_imap_writer_add_number(writer, part->body_lines);
		}
		if (f->extended) {
			pli_imap_writer_add(writer, " ");
			add_item_or_nil(f, part, PLI_ITEM_MD5);
		}
	}
	if (f->extended)
		add_extension(f, part);
	pli_imap_writer_add(writer, ")");
}

/* Closes `part`, and each parent whose last child was closed. */
static void
close_finished(Format *f, PliPart part)
{
	for (;;) {
		guint32 index = part.index;

		close_part(f, &part);
		if (part.parent == PLI_NONE)
			return;
		pli_structure_get_part(f->structure, part.parent, &part);
		if (pli_structure_get_child(f->structure, &part,
		                            part.n_children - 1) != index)
			return;
	}
}

gboolean
pli_bodystructure_format(const PliStructure *structure, gboolean extended,
                         PliBuf *buf)
{
	Format f = {structure, {buf, TRUE}, extended};
	guint32 n_parts = pli_structure_get_n_parts(structure);

	/* document order is the order of opening */
	for (guint32 i = 0; i < n_parts && f.writer.ok; i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		open_part(&f, &part);
		if (part.n_children == 0)
			close_finished(&f, part);
	}
	return f.writer.ok;
}
