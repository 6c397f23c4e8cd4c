/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The structure while it grows: arrays of records, sealed into the stored
 * form at the end. Enforces the limits on their numbers.
 */
#ifndef PLI_ENGINE_STRUCTURE_BUILDER_PRIV_H
#define PLI_ENGINE_STRUCTURE_BUILDER_PRIV_H

#include "engine/buf.h"
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

/* The same for an item without a name, whose value is written by the caller:
 * `max` octets and PLI_OCTETS_AHEAD more have room at the result, until the
 * builder is next used. NULL past limits.string_octets. */
guint8 *
pli_structure_builder_begin_item(PliStructureBuilder *builder, guint32 part,
                                 PliItemKind kind, guint32 field, gsize max);

/* Its value has `len` octets. */
void
pli_structure_builder_end_item(PliStructureBuilder *builder, gsize len);

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
pli_structure_builder_seal(const PliStructureBuilder *builder,
                           guint32 more_flags);

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
