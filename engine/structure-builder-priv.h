/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure while it grows: arrays of records, sealed into the stored
 * form at the end. Enforces the limits on their numbers.
 */
#ifndef PLI_ENGINE_STRUCTURE_BUILDER_PRIV_H
#define PLI_ENGINE_STRUCTURE_BUILDER_PRIV_H

#include "engine/buf.h"
#include "engine/octets-priv.h"
#include "engine/structure.h"

/* Fields and items are held as they will be stored: on little-endian machines
 * their arrays are the sections. */
typedef struct {
	guint64 offset;
	guint32 length; /* no field is tabled past limits.header_octets */
	guint32 hash;
	guint32 bare_lf;
	guint16 name_length;
	guint16 value_start;
	guint16 name;
	guint16 flags;
	guint32 source;
} PliFieldRecord;

typedef struct {
	guint16 kind;
	guint16 name_length;
	guint32 field;
	guint32 string;
	guint32 value_length;
} PliItemRecord;

typedef struct {
	PliLimits limits;
	PliLineMode mode;
	guint32 flags; /* PLI_STRUCTURE_* */
	guint64 length, lines, bare_lf;
	PliPart *parts;
	PliFieldRecord *fields;
	PliItemRecord *items;
	PliDefect *defects;
	PliPartSource *sources;
	PliBuf strings;
	guint32 n_parts, parts_room;
	guint32 n_fields, fields_room;
	guint64 n_fields_refused; /* past limits.fields */
	guint32 n_items, items_room;
	guint32 n_defects, defects_room;
	guint32 n_sources, sources_room;
	guint16 reading;
	PliStructure *spare; /* memory for the next to be sealed, or NULL */
} PliStructureBuilder;

void
pli_structure_builder_init(PliStructureBuilder *builder, PliLineMode mode,
                           const PliLimits *limits);

void
pli_structure_builder_clear(PliStructureBuilder *builder);

/* Empties, keeping the memory. */
void
pli_structure_builder_reset(PliStructureBuilder *builder);

/* A new part, zeroed but for index and parent; its pointer is valid until the
 * next is added. Never refuses: the parser asks limits.parts first. */
PliPart *
pli_structure_builder_add_part(PliStructureBuilder *builder, guint32 parent);

/* Room for `n` fields behind those that are there, not initialised; they count
 * once n_fields says so. NULL past limits.fields. */
PliFieldRecord *
pli_structure_builder_reserve_fields(PliStructureBuilder *builder, guint32 n);

/* A field as it is in a sealed structure. */
void
pli_structure_builder_load_field(const PliStructure *structure, guint32 field,
                                 PliFieldRecord *ret_record);

/* Adds an item to the newest part that has items or has none yet. Past
 * limits.string_octets nothing is added and FALSE returned. */
gboolean
pli_structure_builder_add_item(PliStructureBuilder *builder, guint32 part,
                               PliItemKind kind, guint32 field, PliSlice name,
                               PliSlice value);

/* Room for `len` octets of items, and PLI_OCTETS_AHEAD more, and that
 * `n_items` of them stay below limits.string_octets; FALSE when they would
 * not. */
gboolean
pli_structure_builder_make_room(PliStructureBuilder *builder, gsize len,
                                gsize n_items);

static inline gboolean
pli_structure_builder_has_room(PliStructureBuilder *builder, gsize len,
                               gsize n_items)
{
	const PliBuf *strings = &builder->strings;

	/* what has been allocated says that most are far from the limit */
	return (len + PLI_OCTETS_AHEAD <= strings->allocated - strings->len &&
	        (n_items + builder->n_items) * sizeof(PliItemRecord) +
	                        strings->allocated <=
	                builder->limits.string_octets) ||
	       pli_structure_builder_make_room(builder, len, n_items);
}

PliItemRecord *
pli_structure_builder_grow_items(PliStructureBuilder *builder);

/* Where the next item goes; it counts once n_items says so. */
static inline PliItemRecord *
pli_structure_builder_reserve_item(PliStructureBuilder *builder)
{
	return G_LIKELY(builder->n_items < builder->items_room)
	               ? builder->items + builder->n_items
	               : pli_structure_builder_grow_items(builder);
}

/* Begins an item whose octets, `len` at most, are to be put where the result
 * points, where PLI_OCTETS_AHEAD more have room, until the builder is next
 * used. NULL past limits.string_octets. */
static inline guint8 *
pli_structure_builder_begin_item(PliStructureBuilder *builder, guint32 part,
                                 PliItemRecord item, gsize len)
{
	g_assert(part + 1 == builder->n_parts);
	if (G_UNLIKELY(!pli_structure_builder_has_room(builder, len, 1)))
		return NULL;
	*pli_structure_builder_reserve_item(builder) = item;
	builder->n_items++;
	builder->parts[part].n_items++;
	return builder->strings.data + builder->strings.len;
}

/* The value of an item without a name, which was begun, has `len` octets. */
static inline void
pli_structure_builder_end_item(PliStructureBuilder *builder, gsize len)
{
	builder->items[builder->n_items - 1].value_length = len;
	builder->strings.len += len;
}

/* A source is added with its part, outer, encoding, to_crlf and length; its
 * number is given. */
guint32
pli_structure_builder_add_source(PliStructureBuilder *builder,
                                 PliPartSource source);

/* FALSE past limits.defects; flags are kept all the same. */
gboolean
pli_structure_builder_add_defect(PliStructureBuilder *builder, PliDefectId id,
                                 guint32 part, guint64 offset, guint64 length);

void
pli_structure_builder_get_item(const PliStructureBuilder *builder,
                               const PliPart *part, guint32 n,
                               PliItem *ret_item);

gsize
pli_structure_builder_get_memory(const PliStructureBuilder *builder);

/* The stored form, flagged with `more_flags` too. */
PliStructure *
pli_structure_builder_seal(PliStructureBuilder *builder, guint32 more_flags);

/* What to merge. */
typedef struct {
	guint32 part;  /* of the builder, the newest: gets the parts inside */
	gboolean raw;  /* the part's body itself was read, not its decoding */
	gboolean to_crlf;
} PliStructureMerge;

/*
 * Puts the parts of `inner`, the structure of what is inside `merge->part`,
 * into the builder. A message gets inner's root as its child; for a multipart
 * the root stands for the multipart itself.
 */
void
pli_structure_builder_merge(PliStructureBuilder *builder,
                            const PliStructure *inner,
                            const PliStructureMerge *merge);

/* The builder as it was when `structure` was sealed. */
void
pli_structure_builder_load(PliStructureBuilder *builder,
                           const PliStructure *structure);

#endif
