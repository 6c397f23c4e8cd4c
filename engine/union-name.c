/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/union-priv.h"

#include "engine/octets-priv.h"
#include "engine/param.h"

#define MAX_NAMES 16 /* of one part */
#define MAX_PARAMETERS 10000 /* looked at for one that a limit hid */
#define MAX_REPLACED 16      /* segments of one field that stand again */

/* The name parameters of one part, each with its family: a plain one or a
 * whole RFC 2231 form, or all numbered segments of one field. */
typedef struct {
	const PliUnionPart *p;
	GString *families[MAX_NAMES]; /* as parameters of a disposition */
	PliDefectId reasons[MAX_NAMES];
	guint n;
	/* the running field's family of segments, and the one in which of two
	 * of one number the last counts; MAX: none */
	guint segments, last_segments;
	guint8 seen[256]; /* of each number: the field had its segment */
	guint n_replaced;
	gboolean is_cut; /* a name has a NUL, and was taken up to it only */
} Names;

static const guint8 *
find_octet(PliSlice s, guint8 octet)
{
	return s.len > 0 ? memchr(s.data, octet, s.len) : NULL;
}

static void
append_value(GString *text, PliSlice value)
{
	g_string_append(text, "=\"");
	for (gsize i = 0; i < value.len; i++) {
		guint8 c = value.data[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '"' || c == '\\')
			g_string_append_c(text, '\\');
		g_string_append_c(text, c);
	}
	g_string_append_c(text, '"');
}

/* A new family that starts with `text`; MAX_NAMES: there are too many. */
static guint
add_family(Names *names, const char *text, PliDefectId reason)
{
	if (names->n == MAX_NAMES) {
		names->p->u->limited = TRUE;
		return MAX_NAMES;
	}
	names->families[names->n] = g_string_new(text);
	names->reasons[names->n] = reason;
	return names->n++;
}

/* Where a family has a segment of this number, "filename*1=" or
 * "filename*1*="; NULL: nowhere. */
static const char *
find_segment(const GString *family, PliSlice number)
{
	const char *found = NULL;

	for (guint i = 0; i < 2 && found == NULL; i++) {
		g_autofree char *start = g_strdup_printf(
		        "; filename%.*s%c", (int)number.len,
		        (const char *)number.data, "=*"[i]);

		found = strstr(family->str, start);
	}
	return found;
}

/* `text` for the segment that is at `old`. */
static void
replace_segment(GString *family, const char *old, const char *text)
{
	const gsize at = old - family->str;
	const char *next = strstr(old + 1, "; filename");
	const gsize end =
	        next != NULL ? (gsize)(next - family->str) : family->len;

	g_string_erase(family, at, end - at);
	g_string_insert(family, at, text);
}

/* Whether the field had a segment of this number, which it has now. Above 255
 * there is no telling. */
static gboolean
see_segment(Names *names, PliSlice number)
{
	guint n = 0;
	gboolean had;

	for (gsize i = 1; i < number.len && n < sizeof names->seen; i++)
		n = 10 * n + (number.data[i] - '0');
	if (n >= sizeof names->seen)
		return FALSE;
	had = names->seen[n];
	names->seen[n] = TRUE;
	return had;
}

/* The last segment of a number that stands again. */
static void
add_again(Names *names, PliSlice number, const char *text)
{
	GString *last;
	const char *old;

	if (names->last_segments == MAX_NAMES)
		names->last_segments = add_family(
		        names, names->families[names->segments]->str,
		        PLI_DEFECT_DUPLICATE_PARAMETER);
	if (names->last_segments == MAX_NAMES ||
	    names->n_replaced++ == MAX_REPLACED) {
		names->p->u->limited = TRUE;
		return;
	}
	last = names->families[names->last_segments];
	old = find_segment(last, number);
	if (old != NULL)
		replace_segment(last, old, text);
}

/* Of two segments of one number the first counts in one family, the last in
 * another. */
static void
add_segment(Names *names, PliSlice star, const char *text, PliDefectId reason)
{
	while (star.len > 1 && !g_ascii_isdigit(star.data[star.len - 1]))
		star.len--;
	if (see_segment(names, star)) {
		if (names->segments != MAX_NAMES)
			add_again(names, star, text);
		return;
	}
	if (names->segments == MAX_NAMES) {
		names->segments = add_family(names, text, reason);
		return;
	}
	g_string_append(names->families[names->segments], text);
	if (names->last_segments != MAX_NAMES)
		g_string_append(names->families[names->last_segments], text);
}

static void
add_name(Names *names, PliSlice star, PliSlice value, PliDefectId reason)
{
	g_autoptr(GString) text = g_string_new("; filename");

	g_string_append_len(text, (const char *)star.data, star.len);
	append_value(text, value);
	if (star.len > 1 && g_ascii_isdigit(star.data[1]))
		add_segment(names, star, text->str, reason);
	else
		add_family(names, text->str, reason);
}

/* Up to an encoded NUL, where readers in C stop; the strict view has the name
 * with it. */
static PliSlice
cut_at_nul(Names *names, PliSlice star, PliSlice value)
{
	for (gsize i = 0; star.len > 0 && i + 3 <= value.len; i++)
		if (memcmp(value.data + i, "%00", 3) == 0) {
			names->is_cut = TRUE;
			return pli_slice_new(value.data, i);
		}
	return value;
}

/* Whether a semicolon ends what stands before it for every reader: a parameter
 * starts there, or nothing does. */
static gboolean
starts_parameter(PliSlice s)
{
	gsize n = 0;

	while (n < s.len && pli_octet_is_blank(s.data[n]))
		n++;
	if (n == s.len)
		return TRUE;
	while (n < s.len &&
	       (g_ascii_isalnum(s.data[n]) || s.data[n] == '*' ||
	        s.data[n] == '-'))
		n++;
	return n < s.len && s.data[n] == '=';
}

/* All that stands after the "=", to the next parameter: "a;b", "a (b).c". */
static void
add_rest(Names *names, PliSlice rest, PliSlice value)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const guint8 *equals = find_octet(rest, '=');

	if (equals == NULL ||
	    !pli_union_part_has(names->p, PLI_DEFECT_MALFORMED_PARAMETER))
		return;
	rest = pli_slice_trim(pli_slice_skip(rest, equals + 1 - rest.data));
	for (gsize i = 0; i < rest.len; i++) {
		if (rest.data[i] == ';' &&
		    starts_parameter(pli_slice_skip(rest, i + 1)))
			break;
		if (rest.data[i] != '"')
			g_string_append_c(text, rest.data[i]);
	}
	rest = pli_slice_trim(pli_slice_new(text->str, text->len));
	if (!pli_slice_equal(rest, value))
		add_name(names, PLI_SLICE_NONE, rest,
		         PLI_DEFECT_MALFORMED_PARAMETER);
}

/* All parameters of a field that are called `wanted`, in some form. */
static void
read_names(Names *names, PliParamReader *params, const char *wanted,
           PliDefectId reason)
{
	const guint8 *end = params->rest.data + params->rest.len;
	PliSlice name, value;

	names->segments = names->last_segments = MAX_NAMES;
	memset(names->seen, FALSE, sizeof names->seen);
	names->n_replaced = 0;
	while (pli_param_reader_next(params, &name, &value) ==
	       PLI_STEP_READY) {
		const guint8 *found = find_octet(name, '*');
		PliSlice base = name, before_nul;

		if (found != NULL)
			base.len = found - name.data;
		if (!pli_slice_is(base, wanted))
			continue;
		name = pli_slice_skip(name, base.len);
		before_nul = cut_at_nul(names, name, value);
		add_name(names, name, before_nul,
		         before_nul.len < value.len ? PLI_DEFECT_NUL_OCTET
		                                    : reason);
		if (name.len == 0)
			add_rest(names, pli_slice_new(name.data,
			                              end - name.data),
			         value);
	}
}

static void
read_field(Names *names, PliSlice field, PliFieldName kind)
{
	const gboolean is_type = kind == PLI_FIELD_NAME_CONTENT_TYPE;
	const guint8 *colon = find_octet(field, ':');
	PliSlice type, subtype, value;
	PliParamReader params;
	g_auto(PliBuf) scratch;

	pli_buf_init(&scratch, field.len);
	if (colon == NULL)
		return;
	value = pli_slice_skip(field, colon + 1 - field.data);
	pli_param_reader_init(&params, value, &scratch,
	                      MAX(names->p->u->limits.parameters,
	                          MAX_PARAMETERS));
	if (is_type &&
	    !pli_param_reader_take_type(&params, &type, &subtype))
		return;
	if (!is_type) {
		pli_param_reader_take_token(&params);
		/* "filename=x" without a type: RFC 2183 2.8 */
		if (params.rest.len > 0 && params.rest.data[0] == '=')
			pli_param_reader_init(&params, value, &scratch,
			                      params.max);
	}
	read_names(names, &params, is_type ? "name" : "filename",
	           is_type ? PLI_DEFECT_FILENAME_AND_NAME
	                   : PLI_DEFECT_FILENAME_FORMS);
}

static void
add_readings(Names *names)
{
	const PliUnionPart *p = names->p;
	PliUnionChoice choice = {PLI_UNION_NONE, PLI_UNION_ALL, PLI_UNION_NONE,
	                         FALSE};
	PliSlice type, subtype;

	pli_structure_get_type(p->structure, &p->part, &type, &subtype);
	for (guint i = 0; i < names->n; i++) {
		GString *text = pli_union_dup_header(p, choice);

		g_string_append(text, "Content-Type: ");
		g_string_append_len(text, (const char *)type.data, type.len);
		g_string_append_c(text, '/');
		g_string_append_len(text, (const char *)subtype.data,
		                    subtype.len);
		g_string_append(text, "\r\nContent-Disposition: attachment");
		g_string_append_len(text, names->families[i]->str,
		                    names->families[i]->len);
		g_string_append(text, "\r\n");
		pli_union_add_headed(p, text, p->source, p->part.body,
		                     names->reasons[i]);
		g_string_free(text, TRUE);
		g_string_free(names->families[i], TRUE);
	}
}

/* Whether two readers may know the part by different names, or a limit hides
 * the name it has. */
static gboolean
has_other_names(const PliUnionPart *p)
{
	static const PliDefectId ids[] = {
	        PLI_DEFECT_DUPLICATE_PARAMETER, PLI_DEFECT_RFC2231_CONFLICT,
	        PLI_DEFECT_RFC2231_GAP, PLI_DEFECT_FILENAME_FORMS,
	        PLI_DEFECT_FILENAME_AND_NAME,   PLI_DEFECT_NUL_OCTET,
	        PLI_DEFECT_MALFORMED_PARAMETER};
	PliDefectSet set = p->set;
	g_autofree char *name = pli_param_decode_filename(
	        p->u->context, p->structure, &p->part, &set);

	for (gsize i = 0; name != NULL && i < G_N_ELEMENTS(ids); i++)
		if (pli_defect_set_has(&set, ids[i]))
			return TRUE;
	return pli_union_part_has(p, PLI_DEFECT_LIMIT_PARAMETERS);
}

PliStep
pli_union_find_names(PliUnionPart *p, GError **error)
{
	Names names = {.p = p};

	if (p->part.kind != PLI_PART_LEAF || !has_other_names(p))
		return PLI_STEP_READY;
	if (pli_union_read_fields(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	for (guint i = 0; i < p->fields->len; i++) {
		PliFieldName kind = (PliFieldName)p->names->data[i];
		PliSlice field;

		field = pli_slice_from_bytes(p->fields->pdata[i]);
		if (kind == PLI_FIELD_NAME_CONTENT_TYPE ||
		    kind == PLI_FIELD_NAME_CONTENT_DISPOSITION)
			read_field(&names, field, kind);
	}
	/* a lone name that is known needs no reading of its own */
	if (names.n > 1 || names.is_cut ||
	    (names.n == 1 &&
	     pli_union_part_has(p, PLI_DEFECT_LIMIT_PARAMETERS)))
		add_readings(&names);
	else if (names.n == 1)
		g_string_free(names.families[0], TRUE);
	return PLI_STEP_READY;
}
