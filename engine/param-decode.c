/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/param.h"

#include "engine/charset.h"
#include "engine/word.h"

/* A piece of a value: "name*0*=", "name*1=" (RFC 2231 3 and 4.1). */
typedef struct {
	guint32 number;
	guint32 order; /* as they stand in the field */
	gboolean is_encoded;
	PliSlice value;
} Segment;

/* All forms one parameter occurs in; values are the structure's. */
typedef struct {
	gboolean has_plain, has_extended;
	PliSlice plain;	   /* name= */
	PliSlice extended; /* name*= */
	GArray *segments;  /* of Segment */
} Forms;

static void
add_defect(PliDefectSet *set, PliDefectId id)
{
	if (set != NULL)
		pli_defect_set_add(set, id);
}

/* What follows the name: "", "*", "*12" or "*12*". FALSE: another name. */
static gboolean
parse_suffix(PliSlice suffix, gboolean *ret_has_number, guint32 *ret_number,
	     gboolean *ret_is_encoded)
{
	gsize i = 1;
	guint32 number = 0;

	*ret_has_number = *ret_is_encoded = FALSE;
	*ret_number = 0;
	if (suffix.len == 0)
		return TRUE;
	if (suffix.data[0] != '*')
		return FALSE;
	if (suffix.len == 1) {
		*ret_is_encoded = TRUE;
		return TRUE;
	}
	for (; i < suffix.len && g_ascii_isdigit(suffix.data[i]); i++) {
		if (i > 8)
			return FALSE;
		number = number * 10 + (suffix.data[i] - '0');
	}
	*ret_has_number = i > 1;
	*ret_number = number;
	*ret_is_encoded = i + 1 == suffix.len && suffix.data[i] == '*';
	return i > 1 && (i == suffix.len || *ret_is_encoded);
}

static void
take_item(Forms *forms, PliSlice suffix, PliSlice value, PliDefectSet *set)
{
	gboolean has_number, is_encoded;
	guint32 number;

	if (!parse_suffix(suffix, &has_number, &number, &is_encoded))
		return;
	if (has_number) {
		Segment segment = {number, forms->segments->len, is_encoded,
				   value};

		g_array_append_val(forms->segments, segment);
	} else if (is_encoded ? forms->has_extended : forms->has_plain) {
		add_defect(set, PLI_DEFECT_DUPLICATE_PARAMETER);
	} else if (is_encoded) {
		forms->has_extended = TRUE;
		forms->extended = value;
	} else {
		forms->has_plain = TRUE;
		forms->plain = value;
	}
}

static void
collect_forms(const PliStructure *structure, const PliPart *part,
	      PliItemKind kind, const char *name, Forms *forms,
	      PliDefectSet *set)
{
	const gsize len = strlen(name);

	for (guint32 n = 0; n < part->n_items; n++) {
		PliItem item;

		pli_structure_get_item(structure, part, n, &item);
		if (item.kind == kind && item.name.len >= len &&
		    pli_slice_is(pli_slice_new(item.name.data, len), name))
			take_item(forms, pli_slice_skip(item.name, len),
				  item.value, set);
	}
}

static gint
compare_segments(gconstpointer a, gconstpointer b)
{
	const Segment *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* "%41" to its octet; a percent sign without two digits stays. */
static void
append_percent(PliSlice value, PliBuf *out, PliDefectSet *set)
{
	for (gsize i = 0; i < value.len; i++) {
		guint8 octet = value.data[i];

		if (octet == '%' && value.len - i > 2 &&
		    g_ascii_isxdigit(value.data[i + 1]) &&
		    g_ascii_isxdigit(value.data[i + 2])) {
			octet = g_ascii_xdigit_value(value.data[i + 1]) << 4 |
				g_ascii_xdigit_value(value.data[i + 2]);
			i += 2;
		} else if (octet == '%') {
			add_defect(set, PLI_DEFECT_PERCENT_MALFORMED);
		}
		pli_buf_append_octet(out, octet);
	}
}

/* Takes "charset'language'" off the front; a value without two quotes has
 * neither. */
static PliSlice
take_charset(PliSlice *value)
{
	const guint8 *first, *second;
	PliSlice charset = PLI_SLICE_NONE;

	if (value->len == 0)
		return charset;
	first = memchr(value->data, '\'', value->len);
	if (first == NULL)
		return charset;
	second = memchr(first + 1, '\'', value->data + value->len - first - 1);
	if (second == NULL)
		return charset;
	charset = pli_slice_new(value->data, first - value->data);
	*value = pli_slice_skip(*value, second + 1 - value->data);
	return charset;
}

/* The string the caller gets ends at its NUL, so none may stand inside. */
static char *
steal_without_nul(PliBuf *text, PliDefectSet *set)
{
	g_auto(PliBuf) out = {0};

	if (text->len == 0 || memchr(text->data, 0, text->len) == NULL)
		return pli_buf_steal_string(text);
	add_defect(set, PLI_DEFECT_NUL_OCTET);
	pli_buf_init(&out, text->len * 3);
	for (gsize i = 0; i < text->len; i++)
		if (text->data[i] == 0)
			pli_buf_append_string(&out, "\xef\xbf\xbd");
		else
			pli_buf_append_octet(&out, text->data[i]);
	return pli_buf_steal_string(&out);
}

static char *
decode_octets(PliContext *context, PliSlice charset, PliSlice octets,
	      PliDefectSet *set)
{
	g_auto(PliBuf) text = {0};

	pli_buf_init(&text, G_MAXSSIZE);
	if (charset.len > 0)
		(void)pli_charset_decode(context, charset, octets, &text, set);
	else
		(void)pli_charset_decode_raw(context, octets, &text, set);
	return steal_without_nul(&text, set);
}

/* Many mail programs put encoded-words where RFC 2047 5 forbids them; nobody
 * names a file so that it looks like one. */
static gboolean
looks_like_words(PliSlice value)
{
	const PliSlice s = pli_slice_trim(value);

	return s.len > 8 && s.data[0] == '=' && s.data[1] == '?' &&
	       g_strstr_len((const char *)s.data + 2, s.len - 2, "?=") != NULL;
}

static char *
decode_plain(PliContext *context, PliSlice value, PliDefectSet *set)
{
	g_auto(PliBuf) text = {0};

	if (!looks_like_words(value))
		return decode_octets(context, PLI_SLICE_NONE, value, set);
	add_defect(set, PLI_DEFECT_WORD_IN_PARAMETER);
	pli_buf_init(&text, G_MAXSSIZE);
	(void)pli_word_decode(context, value, &text, set);
	return steal_without_nul(&text, set);
}

static char *
decode_extended(PliContext *context, PliSlice value, PliDefectSet *set)
{
	g_auto(PliBuf) octets = {0};
	const PliSlice charset = take_charset(&value);

	pli_buf_init(&octets, value.len);
	append_percent(value, &octets, set);
	return decode_octets(context, charset, pli_buf_slice(&octets), set);
}

/*
 * The segments in the order of their numbers, up to a gap. Joined before they
 * are decoded: a character may be split over two. NULL when the first one is
 * missing; counting from one is common enough to be read.
 */
static char *
decode_segments(PliContext *context, GArray *segments, PliDefectSet *set)
{
	const Segment *first = &g_array_index(segments, Segment, 0);
	guint32 next = first->number;
	gboolean has_encoded = FALSE;
	PliSlice charset = PLI_SLICE_NONE;
	g_auto(PliBuf) octets = {0};

	if (next > 0)
		add_defect(set, PLI_DEFECT_RFC2231_GAP);
	if (next > 1)
		return NULL;
	pli_buf_init(&octets, G_MAXSSIZE);
	for (guint i = 0; i < segments->len; i++) {
		const Segment *segment = &g_array_index(segments, Segment, i);
		PliSlice value = segment->value;

		if (i > 0 && segment->number == segment[-1].number) {
			add_defect(set, PLI_DEFECT_DUPLICATE_PARAMETER);
			continue;
		}
		if (segment->number != next) {
			add_defect(set, PLI_DEFECT_RFC2231_GAP);
			break;
		}
		next++;
		if (segment->is_encoded) {
			if (i == 0)
				charset = take_charset(&value);
			has_encoded = TRUE;
			append_percent(value, &octets, set);
		} else {
			pli_buf_append(&octets, value.data, value.len);
		}
	}
	return has_encoded ? decode_octets(context, charset,
					   pli_buf_slice(&octets), set)
			   : decode_plain(context, pli_buf_slice(&octets), set);
}

/* The forms a parameter is written in, decoded; NULL where it is not. */
enum { FORM_SEGMENTS, FORM_EXTENDED, FORM_PLAIN, N_FORMS };

static void
add_set(PliDefectSet *set, const PliDefectSet *other)
{
	if (set != NULL)
		pli_defect_set_add_all(set, other);
}

/* The first form that is there; what is wrong with the others does not
 * matter. Whether another one says something else is a defect, when asked. */
static char *
take_form(char *forms[N_FORMS], const PliDefectSet sets[N_FORMS],
	  gboolean compares, PliDefectSet *set)
{
	char *taken = NULL;

	for (guint i = 0; i < N_FORMS; i++) {
		g_autofree char *form = forms[i];

		add_set(set, taken == NULL ? &sets[i] : &(PliDefectSet){{0}});
		if (taken == NULL)
			taken = g_steal_pointer(&form);
		else if (compares && form != NULL && strcmp(form, taken) != 0)
			add_defect(set, PLI_DEFECT_FILENAME_FORMS);
	}
	return taken;
}

static char *
decode_param(PliContext *context, const PliStructure *structure,
	     const PliPart *part, PliItemKind kind, const char *name,
	     gboolean compares, PliDefectSet *set)
{
	g_autoptr(GArray) segments = g_array_new(FALSE, FALSE, sizeof(Segment));
	Forms forms = {.segments = segments};
	PliDefectSet sets[N_FORMS] = {{{0}}};
	char *decoded[N_FORMS] = {NULL};

	collect_forms(structure, part, kind, name, &forms, set);
	if (forms.has_plain && (forms.has_extended || segments->len > 0))
		add_defect(set, PLI_DEFECT_RFC2231_CONFLICT);
	if (segments->len > 0) {
		g_array_sort(segments, compare_segments);
		decoded[FORM_SEGMENTS] = decode_segments(context, segments,
							 &sets[FORM_SEGMENTS]);
	}
	if (forms.has_extended)
		decoded[FORM_EXTENDED] = decode_extended(
			context, forms.extended, &sets[FORM_EXTENDED]);
	if (forms.has_plain)
		decoded[FORM_PLAIN] =
			decode_plain(context, forms.plain, &sets[FORM_PLAIN]);
	return take_form(decoded, sets, compares, set);
}

char *
pli_param_decode(PliContext *context, const PliStructure *structure,
		 const PliPart *part, PliItemKind kind, const char *name,
		 PliDefectSet *set)
{
	return decode_param(context, structure, part, kind, name, FALSE, set);
}

char *
pli_param_decode_filename(PliContext *context, const PliStructure *structure,
			  const PliPart *part, PliDefectSet *set)
{
	g_autofree char *filename =
		decode_param(context, structure, part,
			     PLI_ITEM_DISPOSITION_PARAM, "filename", TRUE, set);
	g_autofree char *name = NULL;
	PliDefectSet of_name = {{0}};

	name = decode_param(context, structure, part, PLI_ITEM_TYPE_PARAM,
			    "name", TRUE, &of_name);
	/* An empty name is none: the next place may have one. */
	if (filename == NULL || filename[0] == '\0') {
		add_set(set, &of_name);
		return name != NULL && name[0] != '\0'
			       ? g_steal_pointer(&name)
			       : NULL;
	}
	if (pli_defect_set_has(&of_name, PLI_DEFECT_FILENAME_FORMS))
		add_defect(set, PLI_DEFECT_FILENAME_FORMS);
	if (name != NULL && name[0] != '\0' && strcmp(name, filename) != 0)
		add_defect(set, PLI_DEFECT_FILENAME_AND_NAME);
	return g_steal_pointer(&filename);
}
