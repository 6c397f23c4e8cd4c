/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands between parts: line ends and boundary lines (RFC 2046 5.1.1). */
#include "engine/edit-priv.h"

#include "engine/limits.h"

gboolean
pli_edit_find_eol(PliEdit *edit, const PliPart *part, guint *ret_eol,
		  GError **error)
{
	guint64 end = pli_edit_get_end(part);
	PliSlice next;

	*ret_eol = 0;
	if (end >= pli_structure_get_length(edit->structure))
		return TRUE;
	if (!pli_edit_read(edit->source, end, 1, &next, error))
		return FALSE;
	if (next.data[0] == '\r')
		*ret_eol = 2;
	else if (next.data[0] == '\n')
		*ret_eol = 1;
	return TRUE;
}

/* The line in front of a part, without what is behind the boundary. */
static GString *
take_boundary(const GByteArray *octets)
{
	gsize end = octets->len, start;

	while (end > 0 && pli_octet_is_blank(octets->data[end - 1]))
		end--;
	for (start = end; start > 0 && octets->data[start - 1] != '\n';)
		start--;
	if (end - start < 3 || octets->data[start] != '-' ||
	    octets->data[start + 1] != '-')
		return NULL;
	return g_string_new_len((const char *)octets->data + start,
				(gssize)(end - start));
}

GString *
pli_edit_dup_boundary(const PliStructure *structure, PliSource *source,
		      const PliPart *part, GError **error)
{
	const guint64 most = pli_limits_default.boundary_octets +
			     pli_limits_default.boundary_blanks + 8;
	g_autoptr(GByteArray) before = g_byte_array_new();
	GString *boundary;
	guint64 n;
	PliPart child;

	pli_structure_get_part(
		structure, pli_structure_get_child(structure, part, 0), &child);
	n = MIN(most, child.header.offset - part->body.offset);
	if (pli_source_read(source, child.header.offset - n, n, before,
			    error) != PLI_STEP_READY)
		return NULL;
	boundary = take_boundary(before);
	if (boundary == NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "no boundary line stands before octet "
			    "%" G_GUINT64_FORMAT ", where one was scanned",
			    child.header.offset);
	return boundary;
}

/*
 * Lines that must not be there
 */

typedef struct {
	GPtrArray *boundaries; /* GString */
	gsize longest;
	GString *line; /* its start */
	gboolean is_past;
	gboolean found;
	PliLineEnd line_end;
	gboolean to_lf;
	guint64 length;
} Measure;

static void
free_string(gpointer data)
{
	g_string_free(data, TRUE);
}

static void
look_at_line(Measure *m)
{
	for (guint i = 0; i < m->boundaries->len; i++) {
		const GString *b = g_ptr_array_index(m->boundaries, i);

		m->found =
			m->found || (m->line->len >= b->len &&
				     memcmp(m->line->str, b->str, b->len) == 0);
	}
	g_string_truncate(m->line, 0);
	m->is_past = TRUE;
}

static void
measure_octets(Measure *m, PliSlice octets)
{
	gsize n_crlf = 0;

	for (gsize i = 0; i < octets.len; i++) {
		guint8 c = octets.data[i];

		if (m->is_past && c != '\n') {
			const guint8 *lf =
				memchr(octets.data + i, '\n', octets.len - i);

			if (lf == NULL)
				break;
			i = (gsize)(lf - octets.data);
			c = '\n';
		}
		if (c == '\n') {
			look_at_line(m);
			m->is_past = FALSE;
			continue;
		}
		g_string_append_c(m->line, (char)c);
		if ((m->line->len <= 2 && c != '-') ||
		    m->line->len >= m->longest)
			look_at_line(m);
	}
	for (gsize i = 0; m->to_lf && i < octets.len; i++) {
		n_crlf += octets.data[i] == '\n' && m->line_end.after_cr;
		m->line_end.after_cr = octets.data[i] == '\r';
	}
	m->length += octets.len - n_crlf;
}

static gboolean
collect_boundaries(PliEdit *edit, guint32 around, Measure *m, GError **error)
{
	while (around != PLI_NONE) {
		PliPart part;
		GString *boundary;

		pli_structure_get_part(edit->structure, around, &part);
		around = part.parent;
		if (part.kind != PLI_PART_MULTIPART)
			continue;
		boundary = pli_edit_dup_boundary(edit->structure, edit->source,
						 &part, error);
		if (boundary == NULL)
			return FALSE;
		g_ptr_array_add(m->boundaries, boundary);
	}
	return TRUE;
}

gboolean
pli_edit_measure(PliEdit *edit, PliSource *source, guint32 around,
		 const GString *own, guint64 *ret_length, GError **error)
{
	g_autoptr(GPtrArray) boundaries =
		g_ptr_array_new_with_free_func(free_string);
	g_autoptr(GString) line = g_string_new(NULL);
	Measure m = {
		.boundaries = boundaries,
		.line = line,
		.to_lf = edit->to_lf,
	};
	PliSlice octets;
	guint64 at = 0;

	if (!collect_boundaries(edit, around, &m, error))
		return FALSE;
	if (own != NULL)
		g_ptr_array_add(boundaries,
				g_string_new_len(own->str, (gssize)own->len));
	for (guint i = 0; i < boundaries->len; i++) {
		const GString *b = g_ptr_array_index(boundaries, i);

		m.longest = MAX(m.longest, b->len);
	}
	m.is_past = m.longest == 0;
	do {
		if (pli_source_read_at(source, at, PLI_EDIT_PIECE, &octets,
				       error) != PLI_STEP_READY)
			return FALSE;
		measure_octets(&m, octets);
		at += octets.len;
	} while (octets.len > 0);
	look_at_line(&m);
	*ret_length = m.length;
	if (!m.found)
		return TRUE;
	g_set_error(error, PLI_EDIT_ERROR, PLI_EDIT_ERROR_BOUNDARY,
		    "what is put in has a line that a multipart around it "
		    "would take for its boundary");
	return FALSE;
}

/*
 * Parts that are dropped
 */

/* Where the boundary line of the n-th child starts, or, of n_children, that
 * which closes the multipart or ends it from outside. */
static gboolean
find_line_start(PliEdit *edit, const PliPart *multipart, guint32 n,
		guint64 *ret_start, GError **error)
{
	PliPart child;
	guint eol;

	g_assert(n > 0);
	pli_structure_get_part(
		edit->structure,
		pli_structure_get_child(edit->structure, multipart, n - 1),
		&child);
	if (!pli_edit_find_eol(edit, &child, &eol, error))
		return FALSE;
	*ret_start = pli_edit_get_end(&child) + eol;
	return TRUE;
}

static void
cut_span(PliEdit *edit, guint64 start, guint64 end)
{
	PliEditCut cut = {
		.offset = start,
		.length = end - start,
		.rank = PLI_EDIT_RANK_CUT,
		.change = PLI_NONE,
	};

	pli_edit_cut(edit, cut);
}

/* The children from `first` on, all that follow. */
static gboolean
cut_last(PliEdit *edit, const PliPart *multipart, guint32 first, GError **error)
{
	guint64 length = pli_structure_get_length(edit->structure);
	guint64 start, end;
	PliPart child;

	if (!find_line_start(edit, multipart, first, &start, error) ||
	    !find_line_start(edit, multipart, multipart->n_children, &end,
			     error))
		return FALSE;
	/* no line follows whose line end could be that before the cut */
	if (end == length) {
		pli_structure_get_part(edit->structure,
				       pli_structure_get_child(edit->structure,
							       multipart,
							       first - 1),
				       &child);
		start = pli_edit_get_end(&child);
	}
	cut_span(edit, start, end);
	return TRUE;
}

static gboolean
cut_children(PliEdit *edit, guint32 index, const guint8 *dropped,
	     GError **error)
{
	const PliStructure *s = edit->structure;
	PliPart part, child, next;
	guint32 kept;

	pli_structure_get_part(s, index, &part);
	for (kept = part.n_children; kept > 0; kept--)
		if (!dropped[pli_structure_get_child(s, &part, kept - 1)])
			break;
	if (kept == 0)
		return pli_edit_refuse(edit, index, PLI_EDIT_ERROR_LAST,
				       "would have no parts left; drop it as "
				       "a whole, or replace its last part",
				       error);
	for (guint32 n = 0; n < kept; n++) {
		guint32 at = pli_structure_get_child(s, &part, n);

		if (!dropped[at])
			continue;
		pli_structure_get_part(s, at, &child);
		pli_structure_get_part(
			s, pli_structure_get_child(s, &part, n + 1), &next);
		cut_span(edit, child.header.offset, next.header.offset);
	}
	return kept == part.n_children || cut_last(edit, &part, kept, error);
}

gboolean
pli_edit_cut_dropped(PliEdit *edit, GError **error)
{
	guint32 n = pli_structure_get_n_parts(edit->structure);
	g_autofree guint8 *dropped = g_malloc0(n);
	g_autofree guint8 *has_dropped = g_malloc0(n);

	for (guint i = 0; i < edit->changes->len; i++) {
		const PliEditChange *change = pli_edit_change(edit, i);
		PliPart part;

		if (change->action != PLI_EDIT_REMOVED ||
		    change->thing != PLI_EDIT_PART)
			continue;
		pli_structure_get_part(edit->structure, change->part, &part);
		if (dropped[change->part])
			return pli_edit_refuse(edit, change->part,
					       PLI_EDIT_ERROR_CONFLICT,
					       "is dropped twice", error);
		dropped[change->part] = has_dropped[part.parent] = 1;
	}
	for (guint32 i = 0; i < n; i++)
		if (has_dropped[i] && !cut_children(edit, i, dropped, error))
			return FALSE;
	return TRUE;
}
