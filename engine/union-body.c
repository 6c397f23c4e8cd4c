/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/union-priv.h"

#include "engine/decoder.h"
#include "engine/inline-part.h"
#include "engine/look.h"
#include "engine/param.h"

static const PliUnionChoice choose_all = {PLI_UNION_ALL, PLI_UNION_ALL,
                                          PLI_UNION_ALL, FALSE};
static const PliUnionChoice choose_decoded = {PLI_UNION_ALL, PLI_UNION_NONE,
                                              PLI_UNION_ALL, FALSE};

/* What can make readers take another boundary than Pli does. */
static const PliDefectId boundary_ids[] = {
        PLI_DEFECT_MISSING_BOUNDARY,    PLI_DEFECT_CHILDLESS_MULTIPART,
        PLI_DEFECT_DUPLICATE_PARAMETER, PLI_DEFECT_BOUNDARY_CONFLICT,
        PLI_DEFECT_BOUNDARY_ODD,        PLI_DEFECT_COMMENT_IN_PARAMETER,
        PLI_DEFECT_MALFORMED_PARAMETER, PLI_DEFECT_UNBALANCED_QUOTE,
        PLI_DEFECT_BOUNDARY_PREFIX,     PLI_DEFECT_BOUNDARY_LONG,
        PLI_DEFECT_LIMIT_BOUNDARY,      PLI_DEFECT_LIMIT_PARAMETERS,
        PLI_DEFECT_RFC2231_CONFLICT,    PLI_DEFECT_RFC2231_GAP,
        PLI_DEFECT_MALFORMED_CONTENT_TYPE};

/* A header that says no more than a type. */
static void
add_typed(const PliUnionPart *p, const char *type, PliSource *body,
          PliSpan span, PliDefectId reason)
{
	GString *text = g_string_new("Content-Type: ");

	g_string_append(text, type);
	g_string_append(text, "\r\n");
	pli_union_add_headed(p, text, body, span, reason);
	g_string_free(text, TRUE);
}

static char *
dup_multipart_type(const char *boundary)
{
	GString *type = g_string_new("multipart/mixed; boundary=\"");

	for (const char *c = boundary; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			g_string_append_c(type, '\\');
		g_string_append_c(type, *c);
	}
	g_string_append_c(type, '"');
	return g_string_free(type, FALSE);
}

static void
add_multipart(const PliUnionPart *p, const char *boundary, PliSource *body,
              PliSpan span, PliDefectId reason)
{
	g_autofree char *type = dup_multipart_type(boundary);

	add_typed(p, type, body, span, reason);
}

/* The part's own header over other octets. */
static PliStep
add_own(PliUnionPart *p, PliUnionChoice choice, PliSource *body, PliSpan span,
        PliDefectId reason, GError **error)
{
	GString *text;

	if (pli_union_read_fields(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	text = pli_union_dup_header(p, choice);
	pli_union_add_headed(p, text, body, span, reason);
	g_string_free(text, TRUE);
	return PLI_STEP_READY;
}

/* Whether a file in a form that MIME does not know was begun so far. */
static gboolean
has_file(PliInlinePart *files, PliSlice octets)
{
	PliInlinePartEvent event;
	gboolean found = FALSE;

	pli_inline_part_feed(files, octets);
	while (pli_inline_part_next(files, &event) == PLI_STEP_READY)
		found = TRUE;
	return found;
}

/* All octets of a span of the content go through `look`. With `ret_has_file`
 * uuencode and its kin are looked for, too: who decodes a file there decodes it
 * anywhere in a message. */
static PliStep
look_at(const PliUnionPart *p, PliSpan span, PliLook *look,
        gboolean *ret_has_file, GError **error)
{
	g_autoptr(PliInlinePart) files =
	        ret_has_file != NULL ? pli_inline_part_new() : NULL;
	guint64 done = 0;

	if (ret_has_file != NULL)
		*ret_has_file = FALSE;
	while (done < span.length && pli_union_may_go_on(p->u)) {
		PliSlice octets;

		if (pli_union_read_at(p->u, p->content, span.offset + done,
		                      span.length - done, &octets,
		                      error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (octets.len == 0)
			break;
		pli_look_feed(look, octets);
		if (ret_has_file != NULL && !*ret_has_file)
			*ret_has_file = has_file(files, octets);
		done += octets.len;
	}
	pli_look_finish(look);
	if (look->has_more)
		p->u->limited = TRUE;
	return PLI_STEP_READY;
}

static char *
dup_boundary(const PliUnionPart *p)
{
	return pli_param_decode(p->u->context, p->structure, &p->part,
	                        PLI_ITEM_TYPE_PARAM, "boundary", NULL);
}

/* Boundaries that stand in the body, whatever the header says. */
static PliStep
find_boundaries(PliUnionPart *p, PliDefectId reason, guint *ret_n,
                GError **error)
{
	g_autofree char *own = dup_boundary(p);
	const gboolean opened = p->part.kind == PLI_PART_MULTIPART &&
	                        !pli_union_part_has(
	                                p, PLI_DEFECT_CHILDLESS_MULTIPART);
	g_auto(PliLook) look;

	pli_look_init(&look, TRUE);
	if (look_at(p, p->content_span, &look, NULL, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	*ret_n = look.n_boundaries;
	for (guint i = 0; i < look.n_boundaries; i++)
		if (!opened || g_strcmp0(look.boundaries[i], own) != 0)
			add_multipart(p, look.boundaries[i], p->content,
			              p->content_span, reason);
	return PLI_STEP_READY;
}

/* The defects of one kind that the part has, from `*index` on. */
static gboolean
find_defect(const PliUnionPart *p, PliDefectId id, guint32 *index,
            PliDefect *ret_defect)
{
	const guint32 n = pli_structure_get_n_defects(p->structure);

	while (pli_union_part_has(p, id) && *index < n) {
		pli_structure_get_defect(p->structure, (*index)++, ret_defect);
		if (ret_defect->id == id &&
		    ret_defect->part == p->part.index)
			return TRUE;
	}
	return FALSE;
}

static PliStep
find_after_close(PliUnionPart *p, GError **error)
{
	const guint64 end = p->content_span.offset + p->content_span.length;
	guint32 index = 0;
	PliDefect defect;
	PliSpan span;

	if (!find_defect(p, PLI_DEFECT_BOUNDARY_AFTER_CLOSE, &index, &defect) ||
	    defect.span.source != p->content_span.source ||
	    defect.span.offset > end)
		return PLI_STEP_READY;
	span = (PliSpan){0, defect.span.offset, end - defect.span.offset};
	return add_own(p, p->content_choice, p->content, span, defect.id,
	               error);
}

static PliStep
find_prefixes(PliUnionPart *p, GError **error)
{
	g_autofree char *own = dup_boundary(p);
	PliSource *changed;
	const PliSpan all = {0, 0, PLI_VIEW_REST};
	PliStep step;

	if (!pli_union_part_has(p, PLI_DEFECT_BOUNDARY_PREFIX) || own == NULL)
		return PLI_STEP_READY;
	changed = pli_view_new_changed(p->content, p->content_span,
	                               PLI_VIEW_BOUNDARY_PREFIX,
	                               pli_slice_from_string(own), p->u->meter);
	step = add_own(p, p->content_choice, changed, all,
	               PLI_DEFECT_BOUNDARY_PREFIX, error);
	pli_source_unref(changed);
	return step;
}

/* A boundary parameter that is empty, or not there, and taken as empty. */
static void
find_empty_boundary(const PliUnionPart *p)
{
	PliSource *changed;
	const PliSpan all = {0, 0, PLI_VIEW_REST};

	if (!pli_union_part_has(p, PLI_DEFECT_MISSING_BOUNDARY))
		return;
	changed = pli_view_new_changed(p->content, p->content_span,
	                               PLI_VIEW_EMPTY_BOUNDARY, PLI_SLICE_NONE,
	                               p->u->meter);
	add_multipart(p, PLI_VIEW_STAND_IN, changed, all,
	              PLI_DEFECT_MISSING_BOUNDARY);
	pli_source_unref(changed);
}

/* Text around the parts that looks like a part, or has a file in it. */
static PliStep
find_frames(PliUnionPart *p, PliDefectId id, PliDefectId reason,
            GError **error)
{
	guint32 index = 0;
	PliDefect defect;

	while (find_defect(p, id, &index, &defect)) {
		g_auto(PliLook) look;
		const PliSpan span = {0, defect.span.offset,
		                      defect.span.length};
		const PliSpan nothing = {0, 0, 0};
		gboolean is_file;

		pli_look_init(&look, FALSE);
		if (defect.span.source != p->content_span.source)
			continue;
		if (look_at(p, span, &look, &is_file, error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (is_file)
			add_typed(p, "text/plain", p->content, span, reason);
		if (look.is_message)
			pli_union_add(p,
			              pli_view_new_joined(p->content, nothing,
			                                  NULL, p->content,
			                                  span),
			              reason, FALSE);
		for (guint i = 0; i < look.n_boundaries; i++)
			add_multipart(p, look.boundaries[i], p->content, span,
			              reason);
	}
	return PLI_STEP_READY;
}

/* A message or multipart that is encoded: both ways. */
static PliStep
find_encoded(PliUnionPart *p, GError **error)
{
	PliSource *decoded;
	const PliSpan all = {0, 0, PLI_VIEW_REST};
	PliStep step;

	if (!pli_union_part_has(p, PLI_DEFECT_COMPOSITE_ENCODED))
		return PLI_STEP_READY;
	decoded = pli_view_new_decoded(p->source, p->part.body,
	                               p->part.encoding, p->u->meter);
	step = add_own(p, choose_decoded, decoded, all,
	               PLI_DEFECT_COMPOSITE_ENCODED, error);
	pli_source_unref(decoded);
	if (step == PLI_STEP_FAIL)
		return step;
	return add_own(p, choose_decoded, p->source, p->part.body,
	               PLI_DEFECT_COMPOSITE_ENCODED, error);
}

/* Composites that a limit kept shut are opened on their own. */
static PliStep
find_shut(PliUnionPart *p, GError **error)
{
	PliUnionPart parent = *p;
	g_autofree char *boundary = NULL;

	if (!(p->part.flags & PLI_PART_OPAQUE) ||
	    pli_union_part_has(p, PLI_DEFECT_COMPOSITE_ENCODED))
		return PLI_STEP_READY;
	if (p->part.header.length > 0)
		return add_own(p, choose_all, p->source, p->part.body,
		               pli_union_part_has(p, PLI_DEFECT_LIMIT_DEPTH)
		                       ? PLI_DEFECT_LIMIT_DEPTH
		                       : PLI_DEFECT_LIMIT_PARTS,
		               error);
	/* the last part there was room for: it starts after a boundary */
	if (p->part.parent == PLI_NONE)
		return PLI_STEP_READY;
	pli_structure_get_part(p->structure, p->part.parent, &parent.part);
	boundary = dup_boundary(&parent);
	if (boundary != NULL) {
		g_autofree char *type = dup_multipart_type(boundary);
		char *text = g_strdup_printf("Content-Type: %s\r\n\r\n--%s\r\n",
		                             type, boundary);
		g_autoptr(GBytes) start = g_bytes_new_take(text, strlen(text));
		const PliSpan nothing = {0, 0, 0};

		pli_union_add(p, pli_view_new_joined(p->source, nothing, start,
		                                     p->source, p->part.body),
		              PLI_DEFECT_LIMIT_PARTS, FALSE);
	}
	return PLI_STEP_READY;
}

static PliStep
find_in_composite(PliUnionPart *p, GError **error)
{
	const gboolean is_multipart = p->part.kind == PLI_PART_MULTIPART;
	PliDefectId reason = 0;
	guint n = 0;

	for (gsize i = G_N_ELEMENTS(boundary_ids); i-- > 0;)
		if (pli_union_part_has(p, boundary_ids[i]))
			reason = boundary_ids[i];
	if (!is_multipart &&
	    !pli_union_part_has(p, PLI_DEFECT_LIMIT_BOUNDARY) &&
	    !pli_union_part_has(p, PLI_DEFECT_MALFORMED_CONTENT_TYPE))
		reason = 0;
	if (reason != 0 &&
	    find_boundaries(p, reason, &n, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	find_empty_boundary(p);
	if (is_multipart && n == 0 &&
	    (pli_union_part_has(p, PLI_DEFECT_CHILDLESS_MULTIPART) ||
	     pli_union_part_has(p, PLI_DEFECT_MISSING_BOUNDARY)))
		add_typed(p, "text/plain", p->content, p->content_span,
		          reason);
	if (find_shut(p, error) == PLI_STEP_FAIL ||
	    find_encoded(p, error) == PLI_STEP_FAIL ||
	    find_prefixes(p, error) == PLI_STEP_FAIL ||
	    find_after_close(p, error) == PLI_STEP_FAIL ||
	    find_frames(p, PLI_DEFECT_PREAMBLE_TEXT, PLI_DEFECT_PREAMBLE_PART,
	                error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	return find_frames(p, PLI_DEFECT_EPILOGUE_TEXT,
	                   PLI_DEFECT_EPILOGUE_PART, error);
}

/* A leaf once more, by another decoder. */
static PliStep
find_other_decodings(PliUnionPart *p, const PliDefectSet *set, GError **error)
{
	static const struct {
		PliDefectId id;
		PliViewKind kind;
	} rows[] = {
	        {PLI_DEFECT_BASE64_PADDING, PLI_VIEW_TO_PADDING},
	        {PLI_DEFECT_BASE64_PADDING, PLI_VIEW_NO_PADDING},
	        {PLI_DEFECT_BASE64_JUNK, PLI_VIEW_TO_JUNK},
	        {PLI_DEFECT_BASE64_JUNK, PLI_VIEW_URL_ALPHABET},
	        {PLI_DEFECT_QP_MALFORMED, PLI_VIEW_NO_ODD_ESCAPE},
	        {PLI_DEFECT_QP_MALFORMED, PLI_VIEW_TO_ODD_ESCAPE},
	        {PLI_DEFECT_QP_BLANKS, PLI_VIEW_BLANKS_STAY},
	        {PLI_DEFECT_QP_SOFT_BLANKS, PLI_VIEW_BLANKS_STAY},
	};
	static const PliDefectId raw[] = {
	        PLI_DEFECT_BASE64_JUNK, PLI_DEFECT_QP_MALFORMED,
	        PLI_DEFECT_UU_MALFORMED, PLI_DEFECT_XX_MALFORMED,
	        PLI_DEFECT_YENC_MALFORMED, PLI_DEFECT_BINHEX_MALFORMED};
	const PliSpan all = {0, 0, PLI_VIEW_REST};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		PliSource *changed;
		PliStep step;

		if (!pli_defect_set_has(set, rows[i].id) ||
		    (rows[i].kind == PLI_VIEW_URL_ALPHABET &&
		     !p->has_url_octets) ||
		    (rows[i].id == PLI_DEFECT_QP_SOFT_BLANKS &&
		     pli_defect_set_has(set, PLI_DEFECT_QP_BLANKS)))
			continue;
		changed = pli_view_new_changed(p->source, p->part.body,
		                               rows[i].kind, PLI_SLICE_NONE,
		                               p->u->meter);
		step = add_own(p, choose_all, changed, all, rows[i].id, error);
		pli_source_unref(changed);
		if (step == PLI_STEP_FAIL)
			return step;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(raw); i++) {
		if (!pli_defect_set_has(set, raw[i]))
			continue;
		add_typed(p, "text/plain", p->source, p->part.body, raw[i]);
		break;
	}
	return PLI_STEP_READY;
}

/* Whether a word stands in one of the encoding's fields, in whatever case. */
static gboolean
has_encoding_word(const PliUnionPart *p, const char *word)
{
	const gsize n = strlen(word);

	for (guint i = 0; i < p->fields->len; i++) {
		gsize len;
		const char *octets =
		        g_bytes_get_data(p->fields->pdata[i], &len);

		if (p->names->data[i] !=
		    PLI_FIELD_NAME_CONTENT_TRANSFER_ENCODING)
			continue;
		for (; len >= n; octets++, len--)
			if (g_ascii_strncasecmp(octets, word, n) == 0)
				return TRUE;
	}
	return FALSE;
}

/* An encoding that nobody knows may be meant as one of these; where several
 * words stand for one, or a comment beside it, those that stand there. */
static PliStep
find_other_encodings(PliUnionPart *p, GError **error)
{
	static const struct {
		const char *name;
		PliEncoding encoding;
	} rows[] = {
	        {"base64", PLI_ENCODING_BASE64},
	        {"quoted-printable", PLI_ENCODING_QUOTED_PRINTABLE},
	        {"x-uuencode", PLI_ENCODING_UUENCODE},
	        {"7bit", PLI_ENCODING_7BIT},
	        {"8bit", PLI_ENCODING_8BIT},
	        {"binary", PLI_ENCODING_BINARY},
	};
	const gboolean is_unknown =
	        pli_union_part_has(p, PLI_DEFECT_UNKNOWN_ENCODING);
	PliDefectId reason = PLI_DEFECT_UNKNOWN_ENCODING;

	if (!is_unknown)
		reason = pli_union_part_has(p, PLI_DEFECT_MALFORMED_PARAMETER)
		                 ? PLI_DEFECT_MALFORMED_PARAMETER
		                 : PLI_DEFECT_COMMENT_IN_PARAMETER;
	if (!pli_union_part_has(p, reason))
		return PLI_STEP_READY;
	if (pli_union_read_fields(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const gboolean is_meant =
		        is_unknown &&
		        pli_encoding_is_decodable(rows[i].encoding);
		GString *text;

		if (rows[i].encoding == p->part.encoding ||
		    (!is_meant && !has_encoding_word(p, rows[i].name)))
			continue;
		text = pli_union_dup_header(p, choose_decoded);
		g_string_append_printf(
		        text, "Content-Transfer-Encoding: %s\r\n",
		        rows[i].name);
		pli_union_add_headed(p, text, p->source, p->part.body, reason);
		g_string_free(text, TRUE);
	}
	return PLI_STEP_READY;
}

/* All octets of a leaf, decoded, to `look` unless that is NULL. */
static PliStep
read_leaf(PliUnionPart *p, PliLook *look, PliDefectSet *ret_set,
          GError **error)
{
	const gboolean decodes = pli_encoding_is_decodable(p->part.encoding);
	PliSpan span = p->part.body;
	g_autofree guint8 *out = NULL;
	gsize room = 0, n;
	PliDecoder decoder;

	pli_decoder_init(&decoder, p->part.encoding);
	while (span.length > 0 && pli_union_may_go_on(p->u)) {
		PliSlice octets;

		/* BinHex may make 96 times as many */
		if (pli_union_read_at(p->u, p->source, span.offset,
		                      MIN(span.length, PLI_VIEW_BUFFER),
		                      &octets, error) == PLI_STEP_FAIL)
			return PLI_STEP_FAIL;
		if (octets.len == 0)
			break;
		span.offset += octets.len;
		span.length -= octets.len;
		if (p->part.encoding == PLI_ENCODING_BASE64 &&
		    !p->has_url_octets)
			p->has_url_octets =
			        memchr(octets.data, '-', octets.len) ||
			        memchr(octets.data, '_', octets.len);
		if (decodes) {
			n = pli_decoder_get_bound(&decoder, octets.len);
			if (n > room) {
				g_free(out);
				out = g_malloc(room = n);
			}
			n = pli_decoder_feed(&decoder, octets, out);
			octets = pli_slice_new(out, n);
		}
		if (look != NULL)
			pli_look_feed(look, octets);
	}
	if (decodes) {
		guint8 kept[sizeof decoder.held];

		n = pli_decoder_finish(&decoder, kept);
		if (look != NULL)
			pli_look_feed(look, pli_slice_new(kept, n));
	}
	*ret_set = decoder.defects;
	return PLI_STEP_READY;
}

/* The text is a message or a multipart by its looks. */
static void
find_disguise(PliUnionPart *p, const PliLook *look)
{
	PliSource *body = pli_source_ref(p->source);
	PliSpan span = p->part.body;
	const PliSpan nothing = {0, 0, 0};

	if (pli_encoding_is_decodable(p->part.encoding)) {
		pli_source_unref(body);
		body = pli_view_new_decoded(p->source, span, p->part.encoding,
		                            p->u->meter);
		span = (PliSpan){0, 0, PLI_VIEW_REST};
	}
	if (look->is_message)
		pli_union_add(p,
		              pli_view_new_joined(p->source, nothing, NULL,
		                                  body, span),
		              PLI_DEFECT_MESSAGE_IN_TEXT, FALSE);
	for (guint i = 0; i < look->n_boundaries; i++)
		add_multipart(p, look->boundaries[i], body, span,
		              PLI_DEFECT_PARTS_IN_TEXT);
	if (look->has_more)
		p->u->limited = TRUE;
	pli_source_unref(body);
}

static PliStep
find_in_leaf(PliUnionPart *p, GError **error)
{
	PliSlice type, subtype;
	PliDefectSet set = {{0, 0}};
	g_auto(PliLook) look;
	gboolean looks;

	pli_look_init(&look, FALSE);
	pli_structure_get_type(p->structure, &p->part, &type, &subtype);
	looks = pli_look_is_wanted(type, subtype);
	if (find_other_encodings(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	if ((!looks && !pli_encoding_is_decodable(p->part.encoding)) ||
	    (p->part.flags & PLI_PART_OPAQUE))
		return PLI_STEP_READY;
	if (read_leaf(p, looks ? &look : NULL, &set, error) ==
	            PLI_STEP_FAIL ||
	    find_other_decodings(p, &set, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	pli_look_finish(&look);
	find_disguise(p, &look);
	return PLI_STEP_READY;
}

PliStep
pli_union_find_bodies(PliUnionPart *p, GError **error)
{
	if (p->part.flags & PLI_PART_SYNTHETIC ||
	    p->part.kind == PLI_PART_MESSAGE)
		return PLI_STEP_READY;
	if (find_in_composite(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	return p->part.kind == PLI_PART_LEAF ? find_in_leaf(p, error)
	                                     : PLI_STEP_READY;
}
