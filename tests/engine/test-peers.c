/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part trees against GMime's and Dovecot's, over every file of the shared
 * corpus, ambiguous or not. What differs is in doc/peer-trees.md, each with
 * the case of doc/strict.md that decides it. That list is held to both ways:
 * nothing differs that is not in it, and nothing is in it that does not.
 */
#include "engine/parser.h"
#include "store/mbox.h"
#include "tests/lib/corpus.h"
#include "tests/lib/peer.h"

#define SHOWN_OCTETS 100

typedef struct {
	GPtrArray *names;    /* below the corpus; "name#2" in an mbox */
	GPtrArray *messages; /* GBytes */
} Corpus;

static void
corpus_clear(Corpus *corpus)
{
	g_clear_pointer(&corpus->names, g_ptr_array_unref);
	g_clear_pointer(&corpus->messages, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Corpus, corpus_clear)

static void
add_mbox(Corpus *corpus, const char *name, GBytes *file)
{
	g_autoptr(PliSource) source = pli_source_new_bytes(file);
	g_autoptr(PliMboxReader) reader =
	        pli_mbox_reader_new(source, PLI_MBOX_AUTO);
	g_autoptr(GByteArray) message = g_byte_array_new();
	PliMboxEvent event;
	guint n = 0;

	while (pli_mbox_reader_next(reader, &event, NULL) == PLI_STEP_READY &&
	       event.type != PLI_MBOX_EVENT_EOF) {
		if (event.type == PLI_MBOX_EVENT_OCTETS)
			g_byte_array_append(message, event.octets.data,
			                    event.octets.len);
		if (event.type != PLI_MBOX_EVENT_END)
			continue;
		g_ptr_array_add(corpus->names,
		                g_strdup_printf("%s#%u", name, ++n));
		g_ptr_array_add(corpus->messages,
		                g_bytes_new(message->data, message->len));
		g_byte_array_set_size(message, 0);
	}
}

/* A message by its name, or by its first line: a field, or an mbox's line. The
 * corpus has pictures, programs and expected results beside its messages. */
static gboolean
is_message(const char *name, PliSlice octets)
{
	gsize n = 0;

	if (g_str_has_suffix(name, ".eml") || g_str_has_suffix(name, ".msg") ||
	    (octets.len >= 5 && memcmp(octets.data, "From ", 5) == 0))
		return TRUE;
	while (n < octets.len && octets.data[n] > ' ' && octets.data[n] < 127 &&
	       octets.data[n] != ':')
		n++;
	return n > 0 && n < octets.len && octets.data[n] == ':';
}

static gboolean
read_corpus(Corpus *corpus)
{
	g_autofree char *top = pli_corpus_dup_top();
	g_autoptr(GPtrArray) files = top != NULL ? pli_corpus_list("") : NULL;

	corpus->names = g_ptr_array_new_with_free_func(g_free);
	corpus->messages =
	        g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (guint i = 0; files != NULL && i < files->len; i++) {
		const char *name = (const char *)files->pdata[i] + strlen(top) +
		                   1;
		g_autoptr(GBytes) file = NULL;
		PliSlice slice;
		char *octets;
		gsize len;

		g_assert_true(g_file_get_contents(files->pdata[i], &octets,
		                                  &len, NULL));
		file = g_bytes_new_take(octets, len);
		slice = pli_slice_new((guint8 *)octets, len);
		if (g_str_has_suffix(name, "-summary.txt"))
			continue; /* what mimekit expects of an mbox */
		if (pli_mbox_is_mbox(slice))
			add_mbox(corpus, name, file);
		if (pli_mbox_is_mbox(slice) || !is_message(name, slice))
			continue;
		g_ptr_array_add(corpus->names, g_strdup(name));
		g_ptr_array_add(corpus->messages, g_bytes_ref(file));
	}
	return files != NULL;
}

static const char *
or_dash(char *line)
{
	return line == NULL || g_strchug(line)[0] == '\0' ? "-" : line;
}

/* One line of each, as two cells. */
static char *
describe(guint number, char *ours, char *theirs)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%u: %.*s | %.*s", number, SHOWN_OCTETS,
	                       or_dash(ours), SHOWN_OCTETS, or_dash(theirs));
	for (gsize i = 0; i < out->len; i++)
		if (!g_ascii_isprint(out->str[i]))
			out->str[i] = '?';
	return g_string_free(out, FALSE);
}

/* The rows of one section of a document (NULL: of all): the first `n_keys`
 * cells, as they stand there, to the one at `value`. */
static GHashTable *
read_table(const char *document, const char *heading, guint n_keys, guint value)
{
	g_autofree char *path =
	        g_test_build_filename(G_TEST_DIST, "doc", document, NULL);
	GHashTable *rows =
	        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	gboolean is_inside = heading == NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		g_auto(GStrv) cells = NULL;
		g_autofree char *last = NULL;
		char *key;

		if (heading != NULL && g_str_has_prefix(lines[i], "## "))
			is_inside = strcmp(lines[i] + 3, heading) == 0;
		if (!is_inside || !g_str_has_prefix(lines[i], "| "))
			continue;
		cells = g_strsplit(lines[i] + 2, " | ", -1);
		g_assert_cmpuint(g_strv_length(cells), >, value);
		last = g_strndup(cells[value], strcspn(cells[value], "|"));
		for (guint k = n_keys; cells[k] != NULL; k++)
			g_clear_pointer(&cells[k], g_free);
		key = g_strjoinv(" | ", cells);
		if (!g_hash_table_insert(rows, key, g_strdup(g_strstrip(last))))
			g_error("%s: twice: %s", document, lines[i]);
	}
	return rows;
}

/* What a message is said to be: " name name ". */
static char *
dup_defects(PliSlice message)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(message, PLI_LINE_LF_FILE, NULL);
	PliDefectSet set = {{0}};
	GString *out = g_string_new(" ");

	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (pli_defect_set_has(&set, defect.id))
			continue;
		pli_defect_set_add(&set, defect.id);
		g_string_append_printf(out, "%s ",
		                       pli_defect_get_info(defect.id)->name);
	}
	return g_string_free(out, FALSE);
}

/* Whether a case can explain a message: it names no defect, or one of its
 * defects is there. */
static gboolean
is_case_of(const char *case_defects, const char *defects)
{
	g_auto(GStrv) names = g_strsplit(case_defects, ", ", -1);
	gboolean found = case_defects[0] == '\0';

	for (guint i = 0; names[i] != NULL && !found; i++) {
		g_autofree char *name = g_strdup_printf(" %s ", names[i]);

		found = strstr(defects, name) != NULL;
	}
	return found;
}

/* Each name in `strict: "name"` is a case of doc/strict.md that can explain
 * the message, and there is one. */
static gboolean
is_decided(GHashTable *cases, const char *decided, PliSlice message)
{
	g_autofree char *defects = dup_defects(message);
	const char *at = decided;
	guint n = 0;

	while ((at = strstr(at, "strict: \"")) != NULL) {
		const char *start = at + strlen("strict: \"");
		const char *end = strchr(start, '"');
		g_autofree char *name = NULL;
		const char *names;

		if (end == NULL)
			return FALSE;
		name = g_strndup(start, (gsize)(end - start));
		names = g_hash_table_lookup(cases, name);
		if (names == NULL || !is_case_of(names, defects))
			return FALSE;
		at = end;
		n++;
	}
	return n > 0;
}

typedef struct {
	GHashTable *rows;  /* of doc/peer-trees.md */
	GHashTable *cases; /* of doc/strict.md */
	GHashTable *found;
	guint n_different, n_new, n_undecided;
} Comparison;

static void
see_difference(Comparison *c, const char *name, PliSlice message,
               const char *what)
{
	char *row = g_strdup_printf("%s | %s", name, what);
	const char *decided = g_hash_table_lookup(c->rows, row);

	if (decided == NULL) {
		g_autofree char *defects = dup_defects(message);

		g_test_message("not listed: | %s | %s|", row, defects);
		c->n_new++;
	} else if (!is_decided(c->cases, decided, message)) {
		g_test_message("no such case: | %s | %s |", row, decided);
		c->n_undecided++;
	}
	g_hash_table_add(c->found, row);
}

/* Every line that differs when the trees have as many, else the first. */
static void
compare(Comparison *c, const char *name, PliSlice message, const char *theirs)
{
	g_autofree char *ours = pli_peer_tree_pli(message);
	g_auto(GStrv) a = g_strsplit(ours, "\n", -1);
	g_auto(GStrv) b = g_strsplit(theirs, "\n", -1);
	gboolean is_same_length = g_strv_length(a) == g_strv_length(b);

	c->n_different += strcmp(ours, theirs) != 0;
	for (guint i = 0; a[i] != NULL || b[i] != NULL; i++) {
		g_autofree char *what = NULL;

		if (g_strcmp0(a[i], b[i]) == 0)
			continue;
		what = describe(i + 1, a[i], b[i]);
		see_difference(c, name, message, what);
		if (!is_same_length)
			return;
	}
}

static guint
count_gone(const Comparison *c)
{
	GHashTableIter iter;
	gpointer key;
	guint n = 0;

	g_hash_table_iter_init(&iter, c->rows);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		if (g_str_has_prefix(key, "file | ") ||
		    g_hash_table_contains(c->found, key))
			continue;
		g_test_message("differs no more: | %s |", (char *)key);
		n++;
	}
	return n;
}

static void
check_peer(const char *peer, PliPeerTree tree)
{
	g_auto(Corpus) corpus = {0};
	g_autoptr(GPtrArray) trees = NULL;
	g_autoptr(GHashTable) rows = read_table("peer-trees.md", peer, 3, 3);
	g_autoptr(GHashTable) cases = read_table("strict.md", NULL, 1, 3);
	g_autoptr(GHashTable) found =
	        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Comparison c = {.rows = rows, .cases = cases, .found = found};

	if (!read_corpus(&corpus))
		return;
	trees = pli_peer_run(tree, corpus.messages);
	for (guint i = 0; i < trees->len; i++) {
		gsize len;
		const guint8 *data =
		        g_bytes_get_data(corpus.messages->pdata[i], &len);

		compare(&c, corpus.names->pdata[i], pli_slice_new(data, len),
		        trees->pdata[i]);
	}
	g_test_message("%u messages, %u trees differ", trees->len,
	               c.n_different);
	g_assert_cmpuint(trees->len, >, 2500);
	g_assert_cmpuint(c.n_new, ==, 0);
	g_assert_cmpuint(c.n_undecided, ==, 0);
	g_assert_cmpuint(count_gone(&c), ==, 0);
}

static void
test_gmime(void)
{
	check_peer("gmime", pli_peer_tree_gmime);
}

static void
test_dovecot(void)
{
#ifdef PLI_PEER_DOVECOT
	check_peer("dovecot", pli_peer_tree_dovecot);
#else
	g_test_skip("built without Dovecot's message-parser (dovecot-dev)");
#endif
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/peers/gmime", test_gmime);
	g_test_add_func("/engine/peers/dovecot", test_dovecot);
	return g_test_run();
}
