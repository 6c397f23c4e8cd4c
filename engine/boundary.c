/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/boundary-priv.h"

#define HASH_START 0x811c9dc5u

static inline guint32
hash_step(guint32 hash, guint8 octet)
{
	return (hash ^ octet) * 0x01000193u;
}

static inline guint
get_bucket(guint32 hash)
{
	return (hash ^ hash >> 16) % PLI_BOUNDARY_BUCKETS;
}

void
pli_boundary_table_init(PliBoundaryTable *table, guint32 limit)
{
	*table = (PliBoundaryTable){.limit = limit};
	table->n_of_length = g_new0(guint32, (gsize)limit + 1);
	for (guint i = 0; i < PLI_BOUNDARY_BUCKETS; i++)
		table->buckets[i] = -1;
}

void
pli_boundary_table_clear(PliBoundaryTable *table)
{
	g_free(table->stack);
	g_free(table->text);
	g_free(table->n_of_length);
}

void
pli_boundary_table_reset(PliBoundaryTable *table)
{
	/* the last one leaves every bucket empty */
	while (table->n > 0)
		pli_boundary_table_pop(table);
}

static const guint8 *
get_text(const PliBoundaryTable *table, const PliBoundary *boundary)
{
	return table->text + boundary->at;
}

gboolean
pli_boundary_table_push(PliBoundaryTable *table, guint32 part,
                        PliSlice boundary, gboolean is_digest)
{
	guint32 hash = HASH_START;
	gboolean reused = FALSE;
	PliBoundary *top;
	guint8 all = 0;
	guint bucket;

	g_assert(boundary.len > 0 && boundary.len <= table->limit);
	if (table->n == table->room) {
		table->room = table->room == 0 ? 8 : table->room * 2;
		table->stack = g_renew(PliBoundary, table->stack, table->room);
	}
	if (table->text_room - table->text_len < boundary.len) {
		table->text_room = 2 * table->text_room + boundary.len + 64;
		table->text = g_realloc(table->text, table->text_room);
	}
	for (gsize i = 0; i < boundary.len; i++) {
		hash = hash_step(hash, boundary.data[i]);
		all |= boundary.data[i];
	}
	bucket = get_bucket(hash);
	for (gint32 i = table->buckets[bucket]; i >= 0;
	     i = table->stack[i].below)
		reused = reused ||
		         (!table->stack[i].closed &&
		          table->stack[i].len == boundary.len &&
		          memcmp(get_text(table, &table->stack[i]),
		                 boundary.data, boundary.len) == 0);
	top = &table->stack[table->n];
	*top = (PliBoundary){
	        .part = part,
	        .hash = hash,
	        .below = table->buckets[bucket],
	        .len = boundary.len,
	        .at = table->text_len,
	        .is_digest = is_digest,
	        .has_8bit = all > 127,
	};
	memcpy(table->text + table->text_len, boundary.data, boundary.len);
	table->text_len += boundary.len;
	table->buckets[bucket] = table->n++;
	table->n_of_length[top->len]++;
	table->longest = MAX(table->longest, top->len);
	return reused;
}

void
pli_boundary_table_pop(PliBoundaryTable *table)
{
	PliBoundary *top = &table->stack[--table->n];

	table->buckets[get_bucket(top->hash)] = top->below;
	table->text_len = top->at;
	table->n_of_length[top->len]--;
	if (table->n == 0)
		table->longest = 0;
	while (table->longest > 0 && table->n_of_length[table->longest] == 0)
		table->longest--;
}

/* The innermost open boundary with this text; -1: none. One that was closed
 * goes to *closed instead. */
static gint32
find(const PliBoundaryTable *table, const guint8 *text, gsize len,
     guint32 hash, gint32 *closed)
{
	gint32 i = table->buckets[get_bucket(hash)];

	for (; i >= 0; i = table->stack[i].below) {
		const PliBoundary *b = &table->stack[i];

		if (b->hash != hash || b->len != len ||
		    memcmp(get_text(table, b), text, len) != 0)
			continue;
		if (!b->closed)
			return i;
		if (*closed < 0)
			*closed = i;
	}
	return -1;
}

/* Inner multiparts that are over stay until their parts' parent ends; so many
 * are looked behind. */
#define FEW_CLOSED 4

/* The plain cases, which are nearly all: the innermost boundary that is still
 * open, alone on its line or with "--" after it. */
static gboolean
match_top(const PliBoundaryTable *table, PliSlice line,
          PliBoundaryResult *ret_result)
{
	guint32 level = table->n - 1;
	const PliBoundary *top = &table->stack[level];

	for (guint i = 0; i < FEW_CLOSED && top->closed && level > 0; i++)
		top = &table->stack[--level];
	if (top->closed || line.len < top->len ||
	    memcmp(line.data, get_text(table, top), top->len) != 0)
		return FALSE;
	if (line.len == top->len)
		ret_result->match = PLI_BOUNDARY_DELIMITER;
	else if (line.len == top->len + 2 && line.data[top->len] == '-' &&
	         line.data[top->len + 1] == '-' &&
	         (line.len > table->limit || table->n_of_length[line.len] == 0))
		ret_result->match = PLI_BOUNDARY_CLOSE;
	else
		return FALSE;
	ret_result->level = level;
	return TRUE;
}

void
pli_boundary_table_match(const PliBoundaryTable *table, PliSlice line,
                         PliBoundaryResult *ret_result)
{
	gsize len = line.len, max;
	gint32 exact = -1, close = -1, prefix = -1, closed = -1;
	guint32 hash = HASH_START;

	*ret_result = (PliBoundaryResult){0};
	if (table->n > 0 && match_top(table, line, ret_result))
		return;
	while (len > 0 && pli_octet_is_wsp(line.data[len - 1]))
		len--;
	*ret_result = (PliBoundaryResult){.blanks = len < line.len};
	max = MIN(len, table->longest);
	for (gsize i = 0; i < max; i++) {
		gint32 level, ignored = -1;
		gboolean to_end = i + 1 == len;
		gboolean to_dashes = i + 3 == len && line.data[i + 1] == '-' &&
		                     line.data[i + 2] == '-';

		hash = hash_step(hash, line.data[i]);
		if (table->n_of_length[i + 1] == 0)
			continue;
		level = find(table, line.data, i + 1, hash,
		             to_end || to_dashes ? &closed : &ignored);
		if (level < 0)
			continue;
		if (to_end)
			exact = level;
		else if (to_dashes)
			close = level;
		else
			prefix = level;
	}
	if (exact >= 0) {
		ret_result->match = PLI_BOUNDARY_DELIMITER;
		ret_result->level = exact;
	} else if (close >= 0) {
		ret_result->match = PLI_BOUNDARY_CLOSE;
		ret_result->level = close;
	} else if (prefix >= 0) {
		ret_result->prefix = TRUE;
		ret_result->near_level = prefix;
	} else if (closed >= 0) {
		ret_result->was_closed = TRUE;
		ret_result->near_level = closed;
	}
}

gsize
pli_boundary_table_get_memory(const PliBoundaryTable *table)
{
	return table->room * sizeof *table->stack + table->text_room +
	       (table->limit + 1) * sizeof *table->n_of_length;
}
