/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/look.h"

#include "engine/field-name.h"
#include "engine/octets-priv.h"

gboolean
pli_look_is_wanted(PliSlice type, PliSlice subtype)
{
	static const char *const headers[] = {"rfc822-headers",
	                                      "global-headers",
	                                      "external-body", NULL};

	if (pli_slice_is(type, "message") && (pli_slice_is(subtype, "rfc822") ||
	                                      pli_slice_is(subtype, "global")))
		return FALSE;
	for (guint i = 0; headers[i] != NULL; i++)
		if (pli_slice_is(subtype, headers[i]))
			return FALSE;
	return pli_slice_is(type, "text") || pli_slice_is(type, "message");
}

void
pli_look_init(PliLook *look, gboolean any)
{
	memset(look, 0, sizeof *look);
	look->any = any;
	look->in_header = TRUE;
}

void
pli_look_clear(PliLook *look)
{
	for (guint i = 0; i < look->n_boundaries; i++)
		g_free(look->boundaries[i]);
	look->n_boundaries = 0;
}

/* The name of a field that the line starts; empty when it is none. */
static PliSlice
find_name(PliSlice line)
{
	gsize n = pli_octets_count_name(line, line.len), colon = n;

	while (colon < line.len && pli_octet_is_wsp(line.data[colon]))
		colon++;
	if (n == 0 || colon == line.len || line.data[colon] != ':')
		return PLI_SLICE_NONE;
	return pli_slice_new(line.data, n);
}

static gboolean
is_content_field(PliSlice name)
{
	return name.len > 8 &&
	       pli_slice_is(pli_slice_new(name.data, 8), "content-");
}

static void
add_boundary(PliLook *look)
{
	PliSlice boundary = {look->last, look->n_last};

	while (boundary.len > 0 &&
	       pli_octet_is_blank(boundary.data[boundary.len - 1]))
		boundary.len--;
	if (boundary.len == 0 || memchr(boundary.data, 0, boundary.len))
		return;
	for (guint i = 0; i < look->n_boundaries; i++)
		if (pli_slice_equal(
			    pli_slice_from_string(look->boundaries[i]),
			    boundary))
			return;
	if (look->n_boundaries == PLI_LOOK_BOUNDARIES)
		look->has_more = TRUE;
	else
		look->boundaries[look->n_boundaries++] =
			pli_slice_dup(boundary);
}

static void
read_header_line(PliLook *look, PliSlice line, PliSlice name)
{
	if (line.len == 0) {
		/* empty lines may stand before it */
		look->in_header = look->n_fields == 0;
		look->is_message = look->has_mime;
	} else if (name.len > 0) {
		PliFieldName known = pli_field_name_find(name);

		look->n_fields++;
		look->has_mime =
			look->has_mime || is_content_field(name) ||
			known == PLI_FIELD_NAME_MIME_VERSION;
	} else if (look->n_fields == 0 ||
		   (line.data[0] != ' ' && line.data[0] != '\t')) {
		look->in_header = FALSE;
	}
}

/* A line is whole, without its line end. */
static void
read_line(PliLook *look)
{
	PliSlice line = {look->line, look->n_line}, name;

	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	name = find_name(line);
	if (look->opened &&
	    (is_content_field(name) ||
	     (look->any && (name.len > 0 || line.len == 0))))
		add_boundary(look);
	if (look->in_header)
		read_header_line(look, line, name);
	look->opened = line.len > 2 && !look->is_long && line.data[0] == '-' &&
		       line.data[1] == '-';
	if (look->opened) {
		look->n_last = line.len - 2;
		memcpy(look->last, line.data + 2, look->n_last);
	}
	look->n_line = 0;
	look->skips = look->is_long = FALSE;
}

/* More of a line, of which the start is kept. */
static void
keep(PliLook *look, const guint8 *octets, gsize n)
{
	const gsize fit = MIN(n, PLI_LOOK_LINE - look->n_line);

	memcpy(look->line + look->n_line, octets, fit);
	look->n_line += fit;
	for (gsize i = fit; i < n && !look->is_long; i++)
		look->is_long = !pli_octet_is_blank(octets[i]);
}

/* Whether it matters what the line is that starts with this octet. */
static gboolean
matters(const PliLook *look, guint8 first)
{
	return first == '-' || look->opened || look->in_header;
}

void
pli_look_feed(PliLook *look, PliSlice text)
{
	while (text.len > 0) {
		const guint8 *lf;
		gsize n;

		if (look->n_line == 0 && !look->skips)
			look->skips = !matters(look, text.data[0]);
		lf = memchr(text.data, '\n', text.len);
		n = lf != NULL ? (gsize)(lf - text.data) : text.len;
		if (!look->skips)
			keep(look, text.data, n);
		if (lf != NULL && look->skips)
			look->skips = FALSE;
		else if (lf != NULL)
			read_line(look);
		text = pli_slice_skip(text, lf != NULL ? n + 1 : n);
	}
}

void
pli_look_finish(PliLook *look)
{
	if (!look->skips && look->n_line > 0)
		read_line(look);
}
