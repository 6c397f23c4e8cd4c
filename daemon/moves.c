/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/moves.h"

struct PliMoves {
	PliMovesAsk ask;
	gpointer data;
	guint64 last_id;
	GHashTable *open; /* id to Move */
};

typedef struct {
	guint64 id;
	PliMovesDone done;
	gpointer data;
} Move;

PliMoves *
pli_moves_new(PliMovesAsk ask, gpointer data)
{
	PliMoves *moves = g_new0(PliMoves, 1);

	moves->ask = ask;
	moves->data = data;
	moves->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
	                                    g_free);
	return moves;
}

void
pli_moves_free(PliMoves *moves)
{
	GHashTableIter iter;
	gpointer value;

	if (moves == NULL)
		return;
	g_hash_table_iter_init(&iter, moves->open);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const Move *move = value;

		move->done(move->data, FALSE);
	}
	g_hash_table_unref(moves->open);
	g_free(moves);
}

void
pli_moves_start(PliMoves *moves, const char *from, const char *to,
                PliMovesDone done, gpointer data)
{
	Move *move = g_new0(Move, 1);

	move->id = ++moves->last_id;
	move->done = done;
	move->data = data;
	g_hash_table_insert(moves->open, &move->id, move);
	moves->ask(moves->data, move->id, from, to);
}

void
pli_moves_answer(PliMoves *moves, guint64 id, gboolean admitted)
{
	g_autofree Move *move = g_hash_table_lookup(moves->open, &id);

	if (move == NULL)
		return;
	g_hash_table_steal(moves->open, &id);
	move->done(move->data, admitted);
}
