/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/moves.h"

#define OPEN 7

typedef struct {
	GString *asked;
	gint verdicts[3]; /* OPEN, or what came */
} World;

static void
on_ask(gpointer data, guint64 id, const char *from, const char *to)
{
	World *w = data;

	g_string_append_printf(w->asked, "%u %s %s\n", (guint)id, from, to);
}

static void
on_done(gpointer data, gboolean admitted)
{
	gint *verdict = data;

	g_assert_cmpint(*verdict, ==, OPEN);
	*verdict = admitted;
}

/* Answers come in any order, once each; what is left at the end is a no. */
static void
test_answers(void)
{
	World w = {g_string_new(NULL), {OPEN, OPEN, OPEN}};
	PliMoves *moves = pli_moves_new(on_ask, &w);
	guint i;

	for (i = 0; i < 3; i++)
		pli_moves_start(moves, "127.0.0.1", "192.0.2.1", on_done,
		                &w.verdicts[i]);
	g_assert_cmpstr(w.asked->str, ==,
	                "1 127.0.0.1 192.0.2.1\n"
	                "2 127.0.0.1 192.0.2.1\n"
	                "3 127.0.0.1 192.0.2.1\n");
	g_assert_cmpint(w.verdicts[0], ==, OPEN);
	pli_moves_answer(moves, 3, TRUE);
	pli_moves_answer(moves, 1, FALSE);
	pli_moves_answer(moves, 3, FALSE);
	pli_moves_answer(moves, 4, TRUE);
	g_assert_cmpint(w.verdicts[0], ==, FALSE);
	g_assert_cmpint(w.verdicts[1], ==, OPEN);
	g_assert_cmpint(w.verdicts[2], ==, TRUE);
	pli_moves_free(moves);
	g_assert_cmpint(w.verdicts[1], ==, FALSE);
	pli_moves_free(NULL);
	g_string_free(w.asked, TRUE);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/moves/answers", test_answers);
	return g_test_run();
}
