/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/structure.h"

#include "engine/hash-priv.h"
#include "engine/structure-priv.h"

typedef struct {
	const guint8 *data;
	guint32 record;
	guint32 n; /* records */
} Section;

struct PliStructure {
	gint ref_count;
	gint holders;  /* of the memory: the references are one, `bytes` one */
	GBytes *bytes; /* of the octets in `own`, once somebody asks */
	const guint8 *data;
	gsize length;
	gsize room; /* for octets in `own` */
	Section sections[PLI_SECTION_LAST + 1]; /* by id */
	guint64 own[];
};

guint64
pli_structure_compute_checksum(const guint8 *data, gsize total)
{
	PliSlice rest = {data + PLI_HEAD_LENGTH, total - PLI_HEAD_LENGTH};

	return pli_hash_octets(rest) +
	       3 * pli_hash_octets(pli_slice_new(data, PLI_HEAD_CHECKSUM));
}

static void
read_directory(PliStructure *structure)
{
	guint32 n = pli_load32(structure->data + PLI_HEAD_N_SECTIONS);

	for (guint32 i = 0; i < n; i++) {
		const guint8 *entry = structure->data + PLI_HEAD_SIZE +
		                      (gsize)i * PLI_DIRECTORY_ENTRY_SIZE;
		guint32 id = pli_load32(entry);
		guint32 record = pli_load32(entry + 4);

		if (id > PLI_SECTION_LAST)
			continue;
		structure->sections[id] = (Section){
		        structure->data + pli_load32(entry + 8), record,
		        pli_load32(entry + 12) / record};
	}
}

/* Room is taken in such steps, so that most fit where another was. */
#define ROOM_STEP (4 * 1024)
/* More is not kept for the next. */
#define MOST_ROOM (16 * 1024)

static PliStructure *
allocate(gsize length)
{
	PliStructure *structure;
	gsize room = length;

	if (length <= MOST_ROOM)
		room = (length + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
	structure = g_malloc(sizeof *structure + room);
	structure->room = room;
	return structure;
}

PliStructure *
pli_structure_new_blank(gsize length, PliStructure **spare, guint8 **ret_data)
{
	PliStructure *structure = g_steal_pointer(spare);
	gsize room;

	if (structure == NULL || structure->room < length) {
		g_free(structure);
		structure = allocate(length);
	}
	room = structure->room;
	*structure = (PliStructure){
	        .ref_count = 1,
	        .holders = 1,
	        .data = (guint8 *)structure->own,
	        .length = length,
	        .room = room,
	};
	*ret_data = (guint8 *)structure->own;
	return structure;
}

gboolean
pli_structure_is_spare(const PliStructure *structure)
{
	/* the address sanitizer is to see each use after the end */
#ifdef __SANITIZE_ADDRESS__
	return FALSE;
#endif
	/* first of all: only then no other thread asks for its octets */
	return g_atomic_int_get(&structure->ref_count) == 1 &&
	       structure->bytes == NULL && structure->room > 0 &&
	       structure->room <= MOST_ROOM;
}

gsize
pli_structure_get_memory(const PliStructure *structure)
{
	return sizeof *structure + structure->room;
}

void
pli_structure_set_section(PliStructure *structure, guint32 id,
                          const guint8 *data, guint32 record, guint32 n)
{
	structure->sections[id] = (Section){data, record, n};
}

/* Octets from elsewhere, whose directory is right. */
static PliStructure *
new_of_bytes(GBytes *bytes)
{
	PliStructure *structure = g_new0(PliStructure, 1);

	structure->ref_count = structure->holders = 1;
	structure->bytes = g_bytes_ref(bytes);
	structure->data = g_bytes_get_data(bytes, &structure->length);
	read_directory(structure);
	return structure;
}

/* What is wrong with the header and directory, or NULL. */
static const char *
check_head(const guint8 *data, gsize len)
{
	guint32 n;

	if (len < PLI_HEAD_SIZE || memcmp(data, PLI_STRUCTURE_MAGIC, 4) != 0)
		return "it does not start as a structure does";
	if (pli_load16(data + PLI_HEAD_LAYOUT) > PLI_STRUCTURE_LAYOUT)
		return "its layout is newer than this program";
	if (pli_load16(data + PLI_HEAD_LAYOUT) < PLI_STRUCTURE_LAYOUT_FIRST)
		return "its layout is older than any release";
	if (pli_load32(data + PLI_HEAD_TOTAL) != len)
		return "its length is not what its header says";
	if (pli_load64(data + PLI_HEAD_CHECKSUM) !=
	    pli_structure_compute_checksum(data, len))
		return "its checksum is wrong";
	if (pli_load32(data + PLI_HEAD_LINE_MODE) > PLI_LINE_LF_FILE)
		return "its line mode is unknown";
	n = pli_load32(data + PLI_HEAD_N_SECTIONS);
	if (n > (len - PLI_HEAD_SIZE) / PLI_DIRECTORY_ENTRY_SIZE)
		return "its directory is cut off";
	return NULL;
}

static guint32
get_least_record(guint32 id)
{
	static const guint32 least[PLI_SECTION_LAST + 1] = {
	        [PLI_SECTION_PARTS] = PLI_PART_RECORD_SIZE,
	        [PLI_SECTION_CHILDREN] = 4,
	        [PLI_SECTION_FIELD_TABLE] = PLI_FIELD_RECORD_SIZE,
	        [PLI_SECTION_ITEMS] = PLI_ITEM_RECORD_SIZE,
	        [PLI_SECTION_STRINGS] = 1,
	        [PLI_SECTION_DEFECTS] = PLI_DEFECT_RECORD_SIZE,
	        [PLI_SECTION_SOURCES] = PLI_SOURCE_RECORD_SIZE,
	};

	return least[id];
}

static const char *
check_directory(const guint8 *data, gsize len)
{
	guint32 n = pli_load32(data + PLI_HEAD_N_SECTIONS);
	guint32 seen = 0;

	for (guint32 i = 0; i < n; i++) {
		const guint8 *entry = data + PLI_HEAD_SIZE +
		                      (gsize)i * PLI_DIRECTORY_ENTRY_SIZE;
		guint32 id = pli_load32(entry);
		guint32 record = pli_load32(entry + 4);
		guint64 offset = pli_load32(entry + 8);
		guint64 length = pli_load32(entry + 12);

		if (offset > len || length > len - offset || record == 0 ||
		    length % record != 0)
			return "a section lies outside it";
		if (id & PLI_SECTION_SKIPPABLE)
			continue;
		if (id == 0 || id > PLI_SECTION_LAST)
			return "it has a section that must be understood and "
			       "is newer than this program";
		if (seen & (1u << id) || record < get_least_record(id))
			return "a section stands twice or is cut off";
		seen |= 1u << id;
	}
	seen |= 1u << PLI_SECTION_SOURCES;
	if (seen != (1u << (PLI_SECTION_LAST + 1)) - 2)
		return "a section is missing";
	return NULL;
}

static gboolean
is_span_inside(guint64 offset, guint64 length, guint64 total)
{
	return offset <= total && length <= total - offset;
}

static gboolean
is_run_inside(guint32 first, guint32 n, guint32 total)
{
	return first <= total && n <= total - first;
}

static guint32
get_parent(const PliStructure *s, guint32 part)
{
	const Section *parts = &s->sections[PLI_SECTION_PARTS];

	return pli_load32(parts->data + (gsize)part * parts->record +
	                  PLI_PART_AT_PARENT);
}

/* For sources that were not checked yet, too. */
static gboolean
is_in_source(const PliStructure *s, guint32 source, guint64 offset,
             guint64 length)
{
	return source <= s->sections[PLI_SECTION_SOURCES].n &&
	       is_span_inside(offset, length,
	                      pli_structure_get_source_length(s, source));
}

static const char *
check_part(const PliStructure *s, guint32 i, guint32 *next_child)
{
	const guint32 n_parts = s->sections[PLI_SECTION_PARTS].n;
	PliPart part;

	pli_structure_get_part(s, i, &part);
	if ((i == 0) != (part.parent == PLI_NONE) ||
	    (i > 0 && part.parent >= i) || part.kind > PLI_PART_MESSAGE ||
	    (part.kind == PLI_PART_LEAF) != (part.n_children == 0) ||
	    (part.kind == PLI_PART_MESSAGE && part.n_children != 1))
		return "a part is out of place";
	if (part.first_child != *next_child ||
	    !is_run_inside(part.first_child, part.n_children,
	                   s->sections[PLI_SECTION_CHILDREN].n) ||
	    !is_run_inside(part.first_field, part.n_fields,
	                   s->sections[PLI_SECTION_FIELD_TABLE].n) ||
	    !is_run_inside(part.first_item, part.n_items,
	                   s->sections[PLI_SECTION_ITEMS].n))
		return "a part names what is not there";
	if (!is_in_source(s, part.header.source, part.header.offset,
	                  part.header.length) ||
	    !is_in_source(s, part.body.source, part.body.offset,
	                  part.body.length))
		return "a part lies outside the message";
	for (guint32 n = 0, last = i; n < part.n_children; n++) {
		guint32 child = pli_structure_get_child(s, &part, n);

		if (child <= last || child >= n_parts ||
		    get_parent(s, child) != i)
			return "a part's child is out of place";
		last = child;
	}
	*next_child += part.n_children;
	return NULL;
}

/* Document order: each part's parent is the part before it, or one that
 * encloses that. Climbs no further than the parts before went down. */
static const char *
check_order(const PliStructure *s)
{
	guint32 n_parts = s->sections[PLI_SECTION_PARTS].n;

	for (guint32 i = 1; i < n_parts; i++) {
		guint32 parent = get_parent(s, i), open = i - 1;
		PliPart part, above;

		while (open != parent && open != PLI_NONE)
			open = get_parent(s, open);
		if (open == PLI_NONE)
			return "its parts are not in document order";
		pli_structure_get_part(s, i, &part);
		pli_structure_get_part(s, parent, &above);
		if (part.depth != above.depth + 1)
			return "a part's depth is wrong";
	}
	return NULL;
}

/* The source that a part's children must lie in. Sources are in the order of
 * their parts, and *next is the first that is left. NULL: it is right. */
static const char *
check_source(const PliStructure *s, const PliPart *part, guint32 *next,
             guint8 *levels, guint32 *ret_inside)
{
	PliPartSource source;

	*ret_inside = part->body.source;
	if (*next > s->sections[PLI_SECTION_SOURCES].n)
		return NULL;
	pli_structure_get_source(s, *next, &source);
	if (source.part != part->index)
		return NULL;
	if (part->kind == PLI_PART_LEAF || source.encoding != part->encoding ||
	    source.encoding < PLI_ENCODING_QUOTED_PRINTABLE ||
	    source.encoding > PLI_ENCODING_YENC ||
	    source.outer != part->body.source || source.outer >= source.index)
		return "a source is not what its part says";
	levels[source.index] = levels[source.outer] + 1;
	if (levels[source.index] > PLI_STRUCTURE_SOURCE_LEVELS)
		return "its sources nest too deep";
	*ret_inside = source.index;
	(*next)++;
	return NULL;
}

static const char *
check_sources(const PliStructure *s)
{
	guint32 n_parts = s->sections[PLI_SECTION_PARTS].n;
	guint32 n_sources = s->sections[PLI_SECTION_SOURCES].n, next = 1;
	g_autofree guint8 *levels = g_malloc0((gsize)n_sources + 1);

	for (guint32 i = 0; i < n_parts; i++) {
		const char *trouble;
		guint32 inside;
		PliPart part, child;

		pli_structure_get_part(s, i, &part);
		if (i == 0 && part.body.source != 0)
			return "the message lies in no message";
		trouble = check_source(s, &part, &next, levels, &inside);
		if (trouble != NULL)
			return trouble;
		for (guint32 n = 0; n < part.n_children; n++) {
			pli_structure_get_part(
			        s, pli_structure_get_child(s, &part, n),
			        &child);
			if (child.body.source != inside)
				return "a part lies in another's source";
		}
	}
	return next == n_sources + 1 ? NULL : "a source has no part";
}

static const char *
check_records(const PliStructure *s)
{
	guint32 n_fields = s->sections[PLI_SECTION_FIELD_TABLE].n;
	guint32 n_parts = s->sections[PLI_SECTION_PARTS].n;
	const Section *items = &s->sections[PLI_SECTION_ITEMS];
	const char *trouble = NULL;
	guint32 next_child = 0;

	if (n_parts == 0 || s->sections[PLI_SECTION_CHILDREN].n != n_parts - 1)
		return "it has no parts, or stray children";
	for (guint32 i = 0; i < n_parts && trouble == NULL; i++)
		trouble = check_part(s, i, &next_child);
	if (trouble == NULL)
		trouble = check_order(s);
	if (trouble == NULL)
		trouble = check_sources(s);
	for (guint32 i = 0; i < n_fields && trouble == NULL; i++) {
		PliField field;

		pli_structure_get_field(s, i, &field);
		if (!is_in_source(s, field.span.source, field.span.offset,
		                  field.span.length) ||
		    field.name_length > field.value_start ||
		    field.value_start > field.span.length)
			trouble = "a field lies outside the message";
	}
	for (guint32 i = 0; i < items->n && trouble == NULL; i++) {
		const guint8 *p = items->data + (gsize)i * items->record;
		guint64 end = (guint64)pli_load32(p + PLI_ITEM_AT_STRING) +
		              pli_load16(p + PLI_ITEM_AT_NAME_LENGTH) +
		              pli_load32(p + PLI_ITEM_AT_VALUE_LENGTH);

		if (end > s->sections[PLI_SECTION_STRINGS].n ||
		    pli_load32(p + PLI_ITEM_AT_FIELD) >= n_fields)
			trouble = "an item names what is not there";
	}
	for (guint32 i = 0;
	     i < s->sections[PLI_SECTION_DEFECTS].n && trouble == NULL; i++) {
		PliDefect defect;

		pli_structure_get_defect(s, i, &defect);
		if (pli_defect_get_info(defect.id) == NULL ||
		    defect.part >= n_parts ||
		    !is_in_source(s, defect.span.source, defect.span.offset,
		                  defect.span.length))
			trouble = "a defect names what is not there";
	}
	return trouble;
}

PliStructure *
pli_structure_open(GBytes *bytes, GError **error)
{
	gsize len;
	const guint8 *data = g_bytes_get_data(bytes, &len);
	g_autoptr(PliStructure) structure = NULL;
	const char *trouble = check_head(data, len);

	if (trouble == NULL)
		trouble = check_directory(data, len);
	if (trouble == NULL) {
		structure = new_of_bytes(bytes);
		trouble = check_records(structure);
	}
	if (trouble != NULL) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
		            "The stored structure cannot be used: %s", trouble);
		return NULL;
	}
	return g_steal_pointer(&structure);
}

PliStructure *
pli_structure_ref(PliStructure *structure)
{
	g_atomic_int_inc(&structure->ref_count);
	return structure;
}

static void
release(gpointer data)
{
	PliStructure *structure = data;

	if (g_atomic_int_dec_and_test(&structure->holders))
		g_free(structure);
}

void
pli_structure_unref(PliStructure *structure)
{
	if (structure == NULL ||
	    !g_atomic_int_dec_and_test(&structure->ref_count))
		return;
	g_clear_pointer(&structure->bytes, g_bytes_unref);
	release(structure);
}

GBytes *
pli_structure_get_bytes(const PliStructure *structure)
{
	PliStructure *s = (PliStructure *)structure;

	if (g_atomic_pointer_get(&s->bytes) == NULL) {
		GBytes *bytes = g_bytes_new_with_free_func(s->data, s->length,
		                                           release, s);

		g_atomic_int_inc(&s->holders);
		if (!g_atomic_pointer_compare_and_exchange(&s->bytes, NULL,
		                                           bytes))
			g_bytes_unref(bytes);
	}
	return g_atomic_pointer_get(&s->bytes);
}

guint16
pli_structure_get_reading(const PliStructure *structure)
{
	return pli_load16(structure->data + PLI_HEAD_READING);
}

PliLineMode
pli_structure_get_line_mode(const PliStructure *structure)
{
	return pli_load32(structure->data + PLI_HEAD_LINE_MODE);
}

guint32
pli_structure_get_flags(const PliStructure *structure)
{
	return pli_load32(structure->data + PLI_HEAD_FLAGS);
}

guint64
pli_structure_get_length(const PliStructure *structure)
{
	return pli_load64(structure->data + PLI_HEAD_LENGTH);
}

guint64
pli_structure_get_lines(const PliStructure *structure)
{
	return pli_load64(structure->data + PLI_HEAD_LINES);
}

guint64
pli_structure_get_bare_lf(const PliStructure *structure)
{
	return pli_load64(structure->data + PLI_HEAD_BARE_LF);
}

static guint64
get_served(const PliStructure *structure, guint32 source, guint64 length,
           guint64 bare_lf)
{
	gboolean lf_file =
	        source == 0 &&
	        pli_structure_get_line_mode(structure) == PLI_LINE_LF_FILE;

	return lf_file ? length + bare_lf : length;
}

guint64
pli_structure_get_served_length(const PliStructure *structure)
{
	return get_served(structure, 0, pli_structure_get_length(structure),
	                  pli_structure_get_bare_lf(structure));
}

guint64
pli_structure_get_served_body(const PliStructure *structure,
                              const PliPart *part)
{
	return get_served(structure, part->body.source, part->body.length,
	                  part->body_bare_lf);
}

guint64
pli_structure_get_served_header(const PliStructure *structure,
                                const PliPart *part)
{
	return get_served(structure, part->header.source, part->header.length,
	                  part->header_bare_lf);
}

guint32
pli_structure_get_n_parts(const PliStructure *structure)
{
	return structure->sections[PLI_SECTION_PARTS].n;
}

guint32
pli_structure_get_n_fields(const PliStructure *structure)
{
	return structure->sections[PLI_SECTION_FIELD_TABLE].n;
}

guint32
pli_structure_get_n_defects(const PliStructure *structure)
{
	return structure->sections[PLI_SECTION_DEFECTS].n;
}

guint32
pli_structure_get_n_sources(const PliStructure *structure)
{
	return structure->sections[PLI_SECTION_SOURCES].n;
}

static const guint8 *
get_record(const PliStructure *structure, guint32 id, guint32 index)
{
	const Section *section = &structure->sections[id];

	g_assert(index < section->n);
	return section->data + (gsize)index * section->record;
}

void
pli_structure_get_part(const PliStructure *structure, guint32 part,
                       PliPart *ret_part)
{
	const guint8 *p = get_record(structure, PLI_SECTION_PARTS, part);
	guint32 source = pli_load32(p + PLI_PART_AT_SOURCE);

	*ret_part = (PliPart){
	        .index = part,
	        .parent = pli_load32(p + PLI_PART_AT_PARENT),
	        .n_children = pli_load32(p + PLI_PART_AT_N_CHILDREN),
	        .first_field = pli_load32(p + PLI_PART_AT_FIRST_FIELD),
	        .n_fields = pli_load32(p + PLI_PART_AT_N_FIELDS),
	        .flags = pli_load32(p + PLI_PART_AT_FLAGS),
	        .depth = pli_load16(p + PLI_PART_AT_DEPTH),
	        .kind = p[PLI_PART_AT_KIND],
	        .encoding = p[PLI_PART_AT_ENCODING],
	        .header = {source, pli_load64(p + PLI_PART_AT_HEADER_OFFSET),
	                   pli_load64(p + PLI_PART_AT_HEADER_LENGTH)},
	        .body = {source, pli_load64(p + PLI_PART_AT_BODY_OFFSET),
	                 pli_load64(p + PLI_PART_AT_BODY_LENGTH)},
	        .header_lines = pli_load64(p + PLI_PART_AT_HEADER_LINES),
	        .header_bare_lf = pli_load64(p + PLI_PART_AT_HEADER_BARE_LF),
	        .body_lines = pli_load64(p + PLI_PART_AT_BODY_LINES),
	        .body_bare_lf = pli_load64(p + PLI_PART_AT_BODY_BARE_LF),
	        .body_hash = pli_load64(p + PLI_PART_AT_BODY_HASH),
	        .first_child = pli_load32(p + PLI_PART_AT_FIRST_CHILD),
	        .first_item = pli_load32(p + PLI_PART_AT_FIRST_ITEM),
	        .n_items = pli_load32(p + PLI_PART_AT_N_ITEMS),
	};
}

void
pli_structure_get_field(const PliStructure *structure, guint32 field,
                        PliField *ret_field)
{
	const guint8 *p = get_record(structure, PLI_SECTION_FIELD_TABLE, field);

	*ret_field = (PliField){
	        .index = field,
	        .flags = pli_load16(p + PLI_FIELD_AT_FLAGS),
	        .name = pli_load16(p + PLI_FIELD_AT_NAME),
	        .span = {pli_load32(p + PLI_FIELD_AT_SOURCE),
	                 pli_load64(p + PLI_FIELD_AT_OFFSET),
	                 pli_load32(p + PLI_FIELD_AT_LENGTH)},
	        .name_length = pli_load16(p + PLI_FIELD_AT_NAME_LENGTH),
	        .value_start = pli_load16(p + PLI_FIELD_AT_VALUE_START),
	        .bare_lf = pli_load32(p + PLI_FIELD_AT_BARE_LF),
	        .hash = pli_load32(p + PLI_FIELD_AT_HASH),
	};
}

void
pli_structure_get_defect(const PliStructure *structure, guint32 index,
                         PliDefect *ret_defect)
{
	const guint8 *p = get_record(structure, PLI_SECTION_DEFECTS, index);

	*ret_defect = (PliDefect){
	        .id = pli_load32(p + PLI_DEFECT_AT_ID),
	        .part = pli_load32(p + PLI_DEFECT_AT_PART),
	        .span = {pli_load32(p + PLI_DEFECT_AT_SOURCE),
	                 pli_load64(p + PLI_DEFECT_AT_OFFSET),
	                 pli_load64(p + PLI_DEFECT_AT_LENGTH)},
	};
}

void
pli_structure_get_source(const PliStructure *structure, guint32 source,
                         PliPartSource *ret_source)
{
	const guint8 *p = get_record(structure, PLI_SECTION_SOURCES,
	                             source - 1);

	*ret_source = (PliPartSource){
	        .index = source,
	        .part = pli_load32(p + PLI_SOURCE_AT_PART),
	        .outer = pli_load32(p + PLI_SOURCE_AT_OUTER),
	        .encoding = pli_load32(p + PLI_SOURCE_AT_ENCODING),
	        .to_crlf = pli_load32(p + PLI_SOURCE_AT_TO_CRLF) != 0,
	        .length = pli_load64(p + PLI_SOURCE_AT_LENGTH),
	};
}

guint64
pli_structure_get_source_length(const PliStructure *structure, guint32 source)
{
	PliPartSource row;

	if (source == 0)
		return pli_structure_get_length(structure);
	pli_structure_get_source(structure, source, &row);
	return row.length;
}

guint32
pli_structure_get_child(const PliStructure *structure, const PliPart *part,
                        guint32 n)
{
	g_assert(n < part->n_children);
	return pli_load32(get_record(structure, PLI_SECTION_CHILDREN,
	                             part->first_child + n));
}

void
pli_structure_get_item(const PliStructure *structure, const PliPart *part,
                       guint32 n, PliItem *ret_item)
{
	const guint8 *p = get_record(structure, PLI_SECTION_ITEMS,
	                             part->first_item + n);
	const guint8 *string = structure->sections[PLI_SECTION_STRINGS].data +
	                       pli_load32(p + PLI_ITEM_AT_STRING);
	guint16 name_length = pli_load16(p + PLI_ITEM_AT_NAME_LENGTH);

	g_assert(n < part->n_items);
	*ret_item = (PliItem){
	        .kind = pli_load16(p + PLI_ITEM_AT_KIND),
	        .field = pli_load32(p + PLI_ITEM_AT_FIELD),
	        .name = pli_slice_new(string, name_length),
	        .value = pli_slice_new(
	                string + name_length,
	                pli_load32(p + PLI_ITEM_AT_VALUE_LENGTH)),
	};
}

gboolean
pli_structure_next_item(const PliStructure *structure, const PliPart *part,
                        PliItemKind kind, guint32 *n, PliItem *ret_item)
{
	const Section *items = &structure->sections[PLI_SECTION_ITEMS];
	const guint8 *p = items->data +
	                  (gsize)(part->first_item + *n) * items->record;

	g_assert(is_run_inside(part->first_item, part->n_items, items->n));
	while (*n < part->n_items &&
	       pli_load16(p + PLI_ITEM_AT_KIND) != (guint)kind) {
		p += items->record;
		(*n)++;
	}
	if (*n == part->n_items)
		return FALSE;
	pli_structure_get_item(structure, part, (*n)++, ret_item);
	return TRUE;
}

gboolean
pli_structure_find_item(const PliStructure *structure, const PliPart *part,
                        PliItemKind kind, PliItem *ret_item)
{
	guint32 n = 0;

	return pli_structure_next_item(structure, part, kind, &n, ret_item);
}

gboolean
pli_structure_find_param(const PliStructure *structure, const PliPart *part,
                         PliItemKind kind, const char *name,
                         PliSlice *ret_value)
{
	PliItem item;
	guint32 n = 0;

	while (pli_structure_next_item(structure, part, kind, &n, &item))
		if (pli_slice_is(item.name, name)) {
			*ret_value = item.value;
			return TRUE;
		}
	return FALSE;
}

void
pli_structure_get_type(const PliStructure *structure, const PliPart *part,
                       PliSlice *ret_type, PliSlice *ret_subtype)
{
	PliItem item;

	if (pli_structure_find_item(structure, part, PLI_ITEM_TYPE, &item)) {
		*ret_type = item.name;
		*ret_subtype = item.value;
	} else if (part->flags & PLI_PART_IN_DIGEST) {
		*ret_type = PLI_SLICE_LITERAL("message");
		*ret_subtype = PLI_SLICE_LITERAL("rfc822");
	} else {
		*ret_type = PLI_SLICE_LITERAL("text");
		*ret_subtype = PLI_SLICE_LITERAL("plain");
	}
}

gboolean
pli_structure_is_type(const PliStructure *structure, const PliPart *part,
                      const char *type, const char *subtype)
{
	PliSlice t, s;

	pli_structure_get_type(structure, part, &t, &s);
	return pli_slice_is(t, type) && pli_slice_is(s, subtype);
}

const char *
pli_encoding_get_name(PliEncoding encoding)
{
	static const char *const names[] = {
	        [PLI_ENCODING_7BIT] = "7bit",
	        [PLI_ENCODING_8BIT] = "8bit",
	        [PLI_ENCODING_BINARY] = "binary",
	        [PLI_ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
	        [PLI_ENCODING_BASE64] = "base64",
	        [PLI_ENCODING_UUENCODE] = "x-uuencode",
	        [PLI_ENCODING_XXENCODE] = "x-xxencode",
	        [PLI_ENCODING_YENC] = "x-yencode",
	        [PLI_ENCODING_BINHEX] = "binhex",
	};

	return (guint)encoding < G_N_ELEMENTS(names) ? names[encoding] : NULL;
}
