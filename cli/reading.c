/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/reading.h"

#include "cli/disguise.h"
#include "cli/inside.h"
#include "engine/address.h"
#include "engine/date.h"
#include "engine/param.h"
#include "engine/word.h"

/* Defects as they are gathered. */
typedef struct {
	GArray *list;
	GHashTable *seen; /* (part << 8 | id): one of a kind a part is enough */
} Gathering;

static guint64
gathering_key(guint32 part, PliDefectId id)
{
	return (guint64)part << 8 | id;
}

static void
gathering_add_scanned(Gathering *gathering, const PliStructure *structure)
{
	guint32 n = pli_structure_get_n_defects(structure);

	for (guint32 i = 0; i < n; i++) {
		PliDefect defect;
		guint64 key;

		pli_structure_get_defect(structure, i, &defect);
		g_array_append_val(gathering->list, defect);
		key = gathering_key(defect.part, defect.id);
		g_hash_table_add(gathering->seen, g_memdup2(&key, sizeof key));
	}
}

/* Those of `set` that the scan has not told of already. */
static void
gathering_add_set(Gathering *gathering, const PliDefectSet *set, guint32 part,
		  PliSpan span)
{
	if (pli_defect_set_is_empty(set))
		return;
	for (guint32 id = 0; id < 128; id++) {
		PliDefect defect = {.id = id, .part = part, .span = span};
		guint64 key = gathering_key(part, id);

		if (!pli_defect_set_has(set, id) ||
		    g_hash_table_contains(gathering->seen, &key))
			continue;
		g_hash_table_add(gathering->seen, g_memdup2(&key, sizeof key));
		g_array_append_val(gathering->list, defect);
	}
}

static void
check_addresses(PliContext *context, PliSlice value, PliDefectSet *set)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(value, NULL);
	PliAddress address;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		g_auto(PliBuf) name;

		pli_buf_init(&name, G_MAXSSIZE);
		if (address.name.data != NULL)
			pli_word_decode(context, address.name, &name, set);
	}
	pli_address_reader_get_defects(reader, set);
}

static void
check_item(PliContext *context, const PliItem *item, PliDefectSet *set)
{
	g_auto(PliBuf) text;

	pli_buf_init(&text, G_MAXSSIZE);
	switch (item->kind) {
	case PLI_ITEM_DATE:
		if (!pli_date_is_regular(item->value))
			pli_defect_set_add(set, PLI_DEFECT_DATE_MALFORMED);
		break;
	case PLI_ITEM_SUBJECT:
	case PLI_ITEM_DESCRIPTION:
		pli_word_decode(context, item->value, &text, set);
		break;
	case PLI_ITEM_FROM:
	case PLI_ITEM_SENDER:
	case PLI_ITEM_REPLY_TO:
	case PLI_ITEM_TO:
	case PLI_ITEM_CC:
	case PLI_ITEM_BCC: check_addresses(context, item->value, set); break;
	default: break;
	}
}

/* The header fields of one part, each with the span of its field. */
static void
check_items(Gathering *gathering, PliContext *context,
	    const PliStructure *structure, const PliPart *part)
{
	for (guint32 i = 0; i < part->n_items; i++) {
		PliDefectSet set = {{0, 0}};
		PliField field;
		PliItem item;

		pli_structure_get_item(structure, part, i, &item);
		check_item(context, &item, &set);
		if (pli_defect_set_is_empty(&set))
			continue;
		if (item.field < pli_structure_get_n_fields(structure)) {
			pli_structure_get_field(structure, item.field, &field);
			gathering_add_set(gathering, &set, part->index,
					  field.span);
		} else {
			gathering_add_set(gathering, &set, part->index,
					  part->header);
		}
	}
}

/* The field that gave a part's items of a kind; the header when there is none.
 */
static PliSpan
get_field_span(const PliStructure *structure, const PliPart *part,
	       PliItemKind kind)
{
	PliField field;
	PliItem item;

	if (!pli_structure_find_item(structure, part, kind, &item) ||
	    item.field >= pli_structure_get_n_fields(structure))
		return part->header;
	pli_structure_get_field(structure, item.field, &field);
	return field.span;
}

static void
check_params(Gathering *gathering, PliContext *context,
	     const PliMessage *message, const PliPart *part)
{
	const PliStructure *structure = message->structure;
	PliDefectSet charset_set = {{0, 0}}, name_set = {{0, 0}};
	g_autofree char *charset =
		pli_facts_dup_charset(context, message, part, &charset_set);
	g_autofree char *name = pli_param_decode_filename(context, structure,
							  part, &name_set);
	PliItem item;
	gboolean has_disposition = pli_structure_find_item(
		structure, part, PLI_ITEM_DISPOSITION_PARAM, &item);

	gathering_add_set(gathering, &charset_set, part->index,
			  get_field_span(structure, part, PLI_ITEM_TYPE));
	gathering_add_set(gathering, &name_set, part->index,
			  get_field_span(structure, part,
					 has_disposition
						 ? PLI_ITEM_DISPOSITION_PARAM
						 : PLI_ITEM_TYPE));
}

static gint
compare_defects(gconstpointer a, gconstpointer b)
{
	const PliDefect *x = a, *y = b;

	if (x->span.source != y->span.source)
		return x->span.source < y->span.source ? -1 : 1;
	if (x->span.offset != y->span.offset)
		return x->span.offset < y->span.offset ? -1 : 1;
	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return (gint)x->id - (gint)y->id;
}

static void
clear_file(gpointer data)
{
	PliReadingFile *file = data;

	g_free(file->name);
	g_free(file->type);
}

/* One file inside a part, of which BEGIN has come. */
static PliStep
read_file(PliReading *reading, PliInside *inside, guint32 part,
	  PliInsideEvent *event, gboolean with_digests, GError **error)
{
	g_autoptr(PliDigest) digest = with_digests ? pli_digest_new() : NULL;
	PliReadingFile file = {
		.part = part,
		.name = g_strdup(event->name),
		.within = event->within,
		.type = g_strdup(event->type),
	};
	PliStep step;

	while ((step = pli_inside_next(inside, event, error)) ==
		       PLI_STEP_READY &&
	       event->event == PLI_INSIDE_OCTETS) {
		file.size += event->octets.len;
		if (digest != NULL)
			pli_digest_feed(digest, event->octets);
	}
	if (digest != NULL)
		pli_digest_finish(digest, file.sha256);
	g_array_append_val(reading->files, file);
	return step;
}

/* The files inside a part, and what is wrong with them. */
static gboolean
read_inside(PliReading *reading, PliInside *inside, const PliMessage *message,
	    const PliPart *part, gboolean with_digests, PliDefectSet *set,
	    GError **error)
{
	guint n_before = reading->files->len;
	PliInsideEvent event;
	PliStep step;

	if (!pli_inside_begin(inside, message, part))
		return TRUE;
	while ((step = pli_inside_next(inside, &event, error)) ==
	       PLI_STEP_READY)
		if (read_file(reading, inside, part->index, &event,
			      with_digests, error) == PLI_STEP_FAIL)
			return FALSE;
	pli_inside_get_defects(inside, set);
	if (reading->files->len > n_before)
		pli_defect_set_add(set, PLI_DEFECT_ENCLOSED_FILE);
	return step == PLI_STEP_WANT;
}

/* Preambles and epilogues with text in them. */
static gboolean
read_frames(Gathering *gathering, const PliMessage *message, GError **error)
{
	const PliStructure *structure = message->structure;
	const guint32 n = pli_structure_get_n_defects(structure);
	g_auto(PliDisguise) disguise;

	pli_disguise_init(&disguise, message);
	for (guint32 i = 0; i < n; i++) {
		gboolean found = FALSE;
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.id != PLI_DEFECT_PREAMBLE_TEXT &&
		    defect.id != PLI_DEFECT_EPILOGUE_TEXT)
			continue;
		if (!pli_disguise_find_part(&disguise, &defect.span, &found,
					    error))
			return FALSE;
		defect.id = defect.id == PLI_DEFECT_PREAMBLE_TEXT
				    ? PLI_DEFECT_PREAMBLE_PART
				    : PLI_DEFECT_EPILOGUE_PART;
		if (found)
			g_array_append_val(gathering->list, defect);
	}
	return TRUE;
}

static gboolean
read_parts(PliReading *reading, Gathering *gathering, PliContext *context,
	   const PliMessage *message, gboolean with_digests, GError **error)
{
	const PliStructure *structure = message->structure;
	g_autoptr(PliBodyReader) reader = pli_body_reader_new();
	g_autoptr(PliInside) inside = pli_inside_new(context, reader);
	g_auto(PliDisguise) disguise;
	guint32 n = pli_structure_get_n_parts(structure);

	pli_disguise_init(&disguise, message);
	for (guint32 i = 0; i < n; i++) {
		PliDefectSet set = {{0, 0}};
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		check_items(gathering, context, structure, &part);
		check_params(gathering, context, message, &part);
		if (part.n_children > 0)
			continue;
		if (!pli_facts_find(context, reader, message, &part,
				    with_digests, &reading->facts[i], &set,
				    error) ||
		    !pli_disguise_find_escapes(&disguise, &part, &set,
					       error) ||
		    !read_inside(reading, inside, message, &part, with_digests,
				 &set, error))
			return FALSE;
		gathering_add_set(gathering, &set, i, part.body);
	}
	return TRUE;
}

PliReading *
pli_reading_new(PliContext *context, const PliMessage *message,
		gboolean with_digests, GError **error)
{
	g_autoptr(PliReading) reading = g_new0(PliReading, 1);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(
		g_int64_hash, g_int64_equal, g_free, NULL);
	Gathering gathering = {
		.list = g_array_new(FALSE, FALSE, sizeof(PliDefect)),
		.seen = seen,
	};
	gboolean ok;

	reading->paths = pli_message_dup_paths(message->structure);
	reading->files = g_array_new(FALSE, FALSE, sizeof(PliReadingFile));
	g_array_set_clear_func(reading->files, clear_file);
	reading->facts =
		g_new0(PliFacts, pli_structure_get_n_parts(message->structure));
	gathering_add_scanned(&gathering, message->structure);
	ok = read_frames(&gathering, message, error) &&
	     read_parts(reading, &gathering, context, message, with_digests,
			error);
	g_array_sort(gathering.list, compare_defects);
	reading->n_defects = gathering.list->len;
	reading->defects = (PliDefect *)g_array_free(gathering.list, FALSE);
	return ok ? g_steal_pointer(&reading) : NULL;
}

/* The first file of `part` or of a later one. */
static guint
find_first_file(const GArray *files, guint32 part)
{
	guint low = 0, high = files->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(files, PliReadingFile, middle).part < part)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const PliReadingFile *
pli_reading_find_files(const PliReading *reading, guint32 part, guint *ret_n)
{
	guint first = find_first_file(reading->files, part);

	*ret_n = find_first_file(reading->files, part + 1) - first;
	return *ret_n == 0 ? NULL
			   : &g_array_index(reading->files, PliReadingFile,
					    first);
}

void
pli_reading_free(PliReading *reading)
{
	if (reading == NULL)
		return;
	g_strfreev(reading->paths);
	if (reading->files != NULL)
		g_array_unref(reading->files);
	g_free(reading->facts);
	g_free(reading->defects);
	g_free(reading);
}
