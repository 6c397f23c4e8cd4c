/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/union-priv.h"

#include "engine/param.h"

#define MAX_NAMES 16 /* of one part */

/* The name parameters of one part, each with its family: a plain one or a
 * whole RFC 2231 form, or all numbered segments of one field. */
typedef struct {
	const PliUnionPart *p;
	GString *families[MAX_NAMES]; /* as parameters of a disposition */
	PliDefectId reasons[MAX_NAMES];
	guint n;
	guint segments; /* the running field's family of segments; MAX: none */
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

static void
add_name(Names *names, PliSlice star, PliSlice value, PliDefectId reason)
{
	const gboolean is_segment =
	        star.len > 1 && g_ascii_isdigit(star.data[1]);
	guint i = is_segment ? names->segments : MAX_NAMES;

	if (i == MAX_NAMES) {
		if (names->n == MAX_NAMES) {
			names->p->u->limited = TRUE;
			return;
		}
		i = names->n++;
		names->families[i] = g_string_new(NULL);
		names->reasons[i] = reason;
	}
	if (is_segment)
		names->segments = i;
	g_string_append(names->families[i], "; filename");
	g_string_append_len(names->families[i], (const char *)star.data,
	                    star.len);
	append_value(names->families[i], value);
}

/* All parameters of a field that are called `wanted`, in some form. */
static void
read_names(Names *names, PliParamReader *params, const char *wanted,
           PliDefectId reason)
{
	PliSlice name, value;

	names->segments = MAX_NAMES;
	while (pli_param_reader_next(params, &name, &value) ==
	       PLI_STEP_READY) {
		const guint8 *found = find_octet(name, '*');
		PliSlice base = name;

		if (found != NULL)
			base.len = found - name.data;
		if (pli_slice_is(base, wanted))
			add_name(names, pli_slice_skip(name, base.len), value,
			         reason);
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
	                      names->p->u->limits.parameters);
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

/* Whether two readers may know the part by different names. */
static gboolean
has_several_names(const PliUnionPart *p)
{
	static const PliDefectId ids[] = {
	        PLI_DEFECT_DUPLICATE_PARAMETER, PLI_DEFECT_RFC2231_CONFLICT,
	        PLI_DEFECT_RFC2231_GAP, PLI_DEFECT_FILENAME_FORMS,
	        PLI_DEFECT_FILENAME_AND_NAME};
	PliDefectSet set = p->set;
	g_autofree char *name = pli_param_decode_filename(
	        p->u->context, p->structure, &p->part, &set);

	for (gsize i = 0; i < G_N_ELEMENTS(ids); i++)
		if (pli_defect_set_has(&set, ids[i]))
			return name != NULL;
	return FALSE;
}

PliStep
pli_union_find_names(PliUnionPart *p, GError **error)
{
	Names names = {.p = p};

	if (p->part.kind != PLI_PART_LEAF || !has_several_names(p))
		return PLI_STEP_READY;
	if (pli_union_read_fields(p, error) == PLI_STEP_FAIL)
		return PLI_STEP_FAIL;
	for (guint i = 0; i < p->fields->len; i++) {
		PliFieldName kind = (PliFieldName)p->names->data[i];
		PliSlice field;

		field.data = g_bytes_get_data(p->fields->pdata[i], &field.len);
		if (kind == PLI_FIELD_NAME_CONTENT_TYPE ||
		    kind == PLI_FIELD_NAME_CONTENT_DISPOSITION)
			read_field(&names, field, kind);
	}
	/* a lone name needs no reading of its own */
	if (names.n > 1)
		add_readings(&names);
	else if (names.n == 1)
		g_string_free(names.families[0], TRUE);
	return PLI_STEP_READY;
}
