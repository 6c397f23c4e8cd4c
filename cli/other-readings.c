/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/other-readings.h"

#include "cli/header.h"
#include "engine/param.h"
#include "engine/union.h"

/* What gathers the leaves of one reading after the other. */
typedef struct {
	PliContext *context;
	PliOtherReadings *readings;
	GHashTable *seen; /* digest, type, name of what was shown */
	guint n_leaves;	  /* of all readings */
} Gathering;

static void
clear_leaf(gpointer data)
{
	PliOtherLeaf *leaf = data;

	g_free(leaf->path);
	g_free(leaf->type);
	g_free(leaf->filename);
}

static void
clear_reading(gpointer data)
{
	PliOtherReading *reading = data;

	g_free(reading->type);
	g_array_unref(reading->leaves);
}

/* Takes over what the leaf holds. `leaves` is NULL for the strict reading,
 * which is shown elsewhere. */
static void
add_leaf(Gathering *gathering, GArray *leaves, PliOtherLeaf *leaf)
{
	char *key = g_strdup_printf(
		"%s %s %s", leaf->sha256, leaf->type != NULL ? leaf->type : "",
		leaf->filename != NULL ? leaf->filename : "");

	if (!g_hash_table_add(gathering->seen, key) || leaves == NULL) {
		clear_leaf(leaf);
	} else if (gathering->n_leaves == pli_limits_default.parts) {
		gathering->readings->is_limited = TRUE;
		clear_leaf(leaf);
	} else {
		g_array_append_val(leaves, *leaf);
		gathering->n_leaves++;
	}
}

static void
add_files(Gathering *gathering, GArray *leaves, const PliReading *reading,
	  guint32 part)
{
	guint n;
	const PliReadingFile *files = pli_reading_find_files(reading, part, &n);

	for (guint i = 0; i < n; i++) {
		PliOtherLeaf leaf = {
			.path = g_strdup(reading->paths[part]),
			.within = files[i].within,
			.type = g_strdup(files[i].type),
			.filename = g_strdup(files[i].name),
			.size = files[i].size,
		};

		memcpy(leaf.sha256, files[i].sha256, sizeof leaf.sha256);
		add_leaf(gathering, leaves, &leaf);
	}
}

static void
add_leaves(Gathering *gathering, GArray *leaves, const PliStructure *structure,
	   const PliReading *reading)
{
	const guint32 n = pli_structure_get_n_parts(structure);

	for (guint32 i = 0; i < n; i++) {
		const PliFacts *facts = &reading->facts[i];
		PliOtherLeaf leaf = {.size = facts->size};
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (!facts->known || part.flags & PLI_PART_SYNTHETIC)
			continue;
		leaf.path = g_strdup(reading->paths[i]);
		leaf.type = pli_header_dup_type(structure, &part);
		leaf.filename = pli_param_decode_filename(
			gathering->context, structure, &part, NULL);
		memcpy(leaf.sha256, facts->sha256, sizeof leaf.sha256);
		add_leaf(gathering, leaves, &leaf);
		add_files(gathering, leaves, reading, i);
	}
}

/* Where readers part ways. A reading of a reading may be for what the message
 * itself does not have: then it is somewhere in the part. */
static PliSpan
find_span(const PliMessage *message, const PliReading *strict, guint32 index,
	  PliDefectId reason)
{
	PliPart part;

	for (guint i = 0; i < strict->n_defects; i++)
		if (strict->defects[i].part == index &&
		    strict->defects[i].id == reason)
			return strict->defects[i].span;
	pli_structure_get_part(message->structure, index, &part);
	return (PliSpan){part.header.source, part.header.offset,
			 part.header.length + part.body.length};
}

static gboolean
add_reading(Gathering *gathering, const PliMessage *message,
	    const PliReading *strict, const PliUnionReading *given,
	    GError **error)
{
	PliMessage other = *message;
	g_autoptr(PliReading) read = NULL;
	PliOtherReading reading = {
		.reason = given->reason,
		.part = given->part,
		.depth = given->depth,
		.span = find_span(message, strict, given->part, given->reason),
	};
	PliPart root;

	other.source = given->source;
	other.structure = given->structure;
	read = pli_reading_new(gathering->context, &other, TRUE, error);
	if (read == NULL)
		return FALSE;
	pli_structure_get_part(other.structure, 0, &root);
	reading.type = pli_header_dup_type(other.structure, &root);
	reading.leaves = g_array_new(FALSE, FALSE, sizeof(PliOtherLeaf));
	g_array_set_clear_func(reading.leaves, clear_leaf);
	add_leaves(gathering, reading.leaves, other.structure, read);
	g_array_append_val(gathering->readings->list, reading);
	return TRUE;
}

PliOtherReadings *
pli_other_readings_new(PliContext *context, const PliMessage *message,
		       const PliReading *strict, GError **error)
{
	g_autoptr(PliOtherReadings) readings = g_new0(PliOtherReadings, 1);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(PliUnion) u = pli_union_new(context, message->source,
					      message->structure, NULL);
	Gathering gathering = {context, readings, seen, 0};
	PliUnionReading given;
	PliStep step;

	readings->list = g_array_new(FALSE, FALSE, sizeof(PliOtherReading));
	g_array_set_clear_func(readings->list, clear_reading);
	add_leaves(&gathering, NULL, message->structure, strict);
	while ((step = pli_union_next(u, &given, error)) == PLI_STEP_READY)
		if (!add_reading(&gathering, message, strict, &given, error))
			return NULL;
	if (step == PLI_STEP_FAIL)
		return NULL;
	readings->is_limited |= pli_union_is_limited(u);
	return g_steal_pointer(&readings);
}

void
pli_other_readings_free(PliOtherReadings *readings)
{
	if (readings == NULL)
		return;
	g_array_unref(readings->list);
	g_free(readings);
}
