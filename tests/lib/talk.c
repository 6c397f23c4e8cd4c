/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/talk.h"

#include <stdlib.h>

typedef struct {
	guint line;
	char kind; /* C S E D A T */
	char *text;
	GByteArray *octets; /* of C, S and D */
} Step;

/* What the session did: a line it said, an event, a run of data. */
typedef struct {
	char kind; /* S E D */
	GByteArray *octets;
} Item;

typedef struct {
	const PliTalkProtocol *protocol;
	const char *path;
	char *config;
	GPtrArray *steps;

	gboolean by_octet;
	PliSession *session;
	GByteArray *in;
	gsize in_used;
	GByteArray *out; /* a line that is not whole yet */
	GPtrArray *items;
	guint next_item;
	guint64 open_ask;
	gboolean failed;
	gint64 now;
} Talk;

static void
step_free(gpointer data)
{
	Step *step = data;

	g_free(step->text);
	g_byte_array_unref(step->octets);
	g_free(step);
}

static void
item_free(gpointer data)
{
	Item *item = data;

	g_byte_array_unref(item->octets);
	g_free(item);
}

static gsize
unescape_one(const char *s, GByteArray *octets)
{
	guint8 octet;
	gsize used = 2;

	switch (s[1]) {
	case 'r': octet = '\r'; break;
	case 'n': octet = '\n'; break;
	case '0': octet = '\0'; break;
	case '\\': octet = '\\'; break;
	case 'x':
		g_assert(g_ascii_isxdigit(s[2]) && g_ascii_isxdigit(s[3]));
		octet = (guint8)(g_ascii_xdigit_value(s[2]) * 16 +
				 g_ascii_xdigit_value(s[3]));
		used = 4;
		break;
	default: g_error("unknown escape in: %s", s);
	}
	g_byte_array_append(octets, &octet, 1);
	return used;
}

static gsize
unescape_repeat(const char *s, GByteArray *octets)
{
	const char *star = strchr(s, '*');
	const char *end = star != NULL ? strchr(star, '}') : NULL;
	g_autofree char *text = NULL;
	g_autoptr(GByteArray) once = NULL;

	g_assert(end != NULL);
	text = g_strndup(star + 1, end - star - 1);
	once = pli_talk_unescape(text);
	for (long n = strtol(s + 2, NULL, 10); n > 0; n--)
		g_byte_array_append(octets, once->data, once->len);
	return end + 1 - s;
}

GByteArray *
pli_talk_unescape(const char *text)
{
	GByteArray *octets = g_byte_array_new();

	while (*text != '\0') {
		if (text[0] == '\\' && text[1] == '{') {
			text += unescape_repeat(text, octets);
		} else if (text[0] == '\\') {
			text += unescape_one(text, octets);
		} else {
			g_byte_array_append(octets, (const guint8 *)text, 1);
			text++;
		}
	}
	return octets;
}

/* Reading the file. */

static void
add_step(Talk *talk, guint line, char kind, const char *text, gboolean plus)
{
	Step *step = NULL;
	gboolean is_octets =
		kind == 'C' || kind == 'D' || (kind == 'S' && text[0] != '/');
	GByteArray *octets =
		is_octets ? pli_talk_unescape(text) : g_byte_array_new();

	if ((kind == 'C' || kind == 'D') && !plus)
		g_byte_array_append(octets, (const guint8 *)"\r\n", 2);
	if (kind == 'D' && talk->steps->len > 0)
		step = g_ptr_array_index(talk->steps, talk->steps->len - 1);
	if (step != NULL && step->kind == 'D') {
		g_byte_array_append(step->octets, octets->data, octets->len);
		g_byte_array_unref(octets);
		return;
	}
	step = g_new0(Step, 1);
	step->line = line;
	step->kind = kind;
	step->text = g_strdup(text);
	step->octets = octets;
	g_ptr_array_add(talk->steps, step);
}

static void
read_line(Talk *talk, guint number, const char *line)
{
	gboolean plus;
	const char *text;

	if (line[0] == '\0' || line[0] == '#')
		return;
	if (g_str_has_prefix(line, "config:")) {
		g_free(talk->config);
		talk->config = g_strstrip(g_strdup(line + 7));
		return;
	}
	plus = line[1] == '+';
	text = line + 1 + plus;
	if (strchr("CSEDAT", line[0]) == NULL || text[0] != ':')
		g_error("%s:%u: not a line of a transcript: %s", talk->path,
			number, line);
	text += text[1] == ' ' ? 2 : 1;
	add_step(talk, number, line[0], text, plus);
}

static void
read_file(Talk *talk)
{
	g_autofree char *contents = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GError) error = NULL;

	g_file_get_contents(talk->path, &contents, NULL, &error);
	g_assert_no_error(error);
	lines = g_strsplit(contents, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++)
		read_line(talk, i + 1, lines[i]);
	g_assert_cmpuint(talk->steps->len, >, 0);
}

/* Driving the session. */

static GByteArray *
add_item(Talk *talk, char kind)
{
	Item *last =
		talk->items->len > talk->next_item
			? g_ptr_array_index(talk->items, talk->items->len - 1)
			: NULL;

	if (kind == 'D' && last != NULL && last->kind == 'D')
		return last->octets;
	last = g_new0(Item, 1);
	last->kind = kind;
	last->octets = g_byte_array_new();
	g_ptr_array_add(talk->items, last);
	return last->octets;
}

static void
take_output(Talk *talk, PliSlice octets)
{
	g_byte_array_append(talk->out, octets.data, octets.len);
	for (;;) {
		const guint8 *lf =
			talk->out->len > 0
				? memchr(talk->out->data, '\n', talk->out->len)
				: NULL;
		gsize n = lf != NULL ? (gsize)(lf - talk->out->data) : 0;

		if (lf == NULL)
			return;
		g_assert_cmpuint(n, >, 0);
		g_assert_cmpint(lf[-1], ==, '\r');
		g_byte_array_append(add_item(talk, 'S'), talk->out->data,
				    n - 1);
		g_byte_array_remove_range(talk->out, 0, n + 1);
	}
}

static void
drain_output(Talk *talk)
{
	PliOutput head;

	while (pli_session_output(talk->session, &head)) {
		PliSlice octets = head.octets;

		if (head.source != NULL &&
		    pli_source_read_at(head.source, head.offset, head.length,
				       &octets, NULL) != PLI_STEP_READY)
			g_error("a source of the output cannot be read");
		g_assert_cmpuint(octets.len, >, 0);
		if (talk->by_octet)
			octets.len = 1;
		take_output(talk, octets);
		pli_session_sent(talk->session, octets.len);
	}
}

static void
take_event(Talk *talk, const PliSessionEvent *event)
{
	const PliTalkProtocol *protocol = talk->protocol;
	g_autofree char *text = protocol->describe(event);
	Item *last =
		talk->items->len > talk->next_item
			? g_ptr_array_index(talk->items, talk->items->len - 1)
			: NULL;

	if (text == NULL) {
		g_byte_array_append(add_item(talk, 'D'), event->octets.data,
				    event->octets.len);
		return;
	}
	if (last != NULL && last->kind == 'D' && protocol->is_abort != NULL &&
	    protocol->is_abort(event))
		g_ptr_array_remove_index(talk->items, talk->items->len - 1);
	g_byte_array_append(add_item(talk, 'E'), (const guint8 *)text,
			    strlen(text));
	if (event->ask != 0) {
		g_assert_cmpuint(talk->open_ask, ==, 0);
		talk->open_ask = event->ask;
	}
	if (event->type == PLI_SESSION_EVENT_LATE)
		talk->open_ask = 0;
}

/* TRUE when anything came of it. */
static gboolean
drain_events(Talk *talk)
{
	PliSessionEvent event;
	PliStep step;
	gboolean any = FALSE;

	drain_output(talk);
	while ((step = pli_session_next(talk->session, &event)) ==
	       PLI_STEP_READY) {
		take_event(talk, &event);
		any = TRUE;
		drain_output(talk);
	}
	if (step == PLI_STEP_FAIL && !talk->failed)
		g_byte_array_append(add_item(talk, 'E'), (const guint8 *)"FAIL",
				    4);
	talk->failed |= step == PLI_STEP_FAIL;
	return any;
}

/* Hands over the next piece of input in memory of its own, so that whoever
 * keeps a slice too long is found out. */
static gboolean
feed_piece(Talk *talk)
{
	gsize left = talk->in->len - talk->in_used;
	gsize n = talk->by_octet ? MIN(left, 1) : left;
	g_autofree guint8 *piece = NULL;
	gboolean any;
	gsize used;

	if (n == 0)
		return drain_events(talk);
	piece = g_malloc(n);
	memcpy(piece, talk->in->data + talk->in_used, n);
	pli_session_tick(talk->session, talk->now);
	used = pli_session_feed(talk->session, pli_slice_new(piece, n));
	g_assert_cmpuint(used, <=, n);
	talk->in_used += used;
	any = drain_events(talk);
	return any || used > 0;
}

/* The next item, when it is whole; NULL when no more can come. */
static Item *
take_item(Talk *talk)
{
	gboolean moved = TRUE;

	while (moved) {
		guint have = talk->items->len - talk->next_item;
		Item *first = have > 0 ? g_ptr_array_index(talk->items,
							   talk->next_item)
				       : NULL;

		if (have > 1 || (have == 1 && first->kind != 'D'))
			break;
		moved = feed_piece(talk) ||
			talk->items->len - talk->next_item > have;
	}
	if (talk->next_item == talk->items->len)
		return NULL;
	return g_ptr_array_index(talk->items, talk->next_item++);
}

static gboolean
matches(const Step *step, const Item *item)
{
	gsize n = strlen(step->text);
	g_autofree char *pattern = NULL;
	g_autofree char *said = NULL;

	if (item->kind != step->kind)
		return FALSE;
	said = g_strndup((const char *)item->octets->data, item->octets->len);
	if (step->kind == 'E')
		return strcmp(step->text, said) == 0;
	if (step->kind == 'S' && n > 1 && step->text[0] == '/' &&
	    step->text[n - 1] == '/') {
		pattern = g_strdup_printf("^(?:%.*s)$", (int)(n - 2),
					  step->text + 1);
		return g_regex_match_simple(pattern, said, G_REGEX_RAW, 0);
	}
	return item->octets->len == step->octets->len &&
	       (item->octets->len == 0 ||
		memcmp(item->octets->data, step->octets->data,
		       item->octets->len) == 0);
}

static gboolean
differ(const Talk *talk, guint line, const char *expected, const Item *item)
{
	g_autofree char *said = NULL;

	if (item != NULL && item->octets->len > 0)
		said = g_strndup((const char *)item->octets->data,
				 item->octets->len);
	g_test_message("%s:%u (%s): expected %s, came %c: %s", talk->path, line,
		       talk->by_octet ? "by octet" : "whole", expected,
		       item != NULL ? item->kind : '-',
		       said != NULL ? said : "nothing");
	return FALSE;
}

static gboolean
play_step(Talk *talk, const Step *step)
{
	Item *item;

	switch (step->kind) {
	case 'C':
		g_byte_array_append(talk->in, step->octets->data,
				    step->octets->len);
		return TRUE;
	case 'A':
		if (talk->open_ask == 0)
			return differ(talk, step->line, "a question", NULL);
		talk->protocol->answer(talk->session, talk->open_ask,
				       step->text);
		talk->open_ask = 0;
		return TRUE;
	case 'T':
		while (feed_piece(talk))
			continue;
		pli_session_tick(talk->session, talk->now);
		talk->now += strtol(step->text, NULL, 10) * G_USEC_PER_SEC;
		if (talk->now >= pli_session_deadline(talk->session))
			pli_session_tick(talk->session, talk->now);
		return TRUE;
	default:
		item = take_item(talk);
		if (item != NULL && matches(step, item))
			return TRUE;
		return differ(talk, step->line, step->text, item);
	}
}

static gboolean
play_steps(Talk *talk)
{
	const Step *last = g_ptr_array_index(talk->steps, talk->steps->len - 1);
	Item *item;

	pli_session_tick(talk->session, talk->now);
	for (guint i = 0; i < talk->steps->len; i++)
		if (!play_step(talk, g_ptr_array_index(talk->steps, i)))
			return FALSE;
	item = take_item(talk);
	if (item != NULL)
		return differ(talk, last->line, "nothing more", item);
	if (talk->open_ask != 0)
		return differ(talk, last->line, "an answer (A:)", NULL);
	if (talk->in_used != talk->in->len)
		return differ(talk, last->line, "all input taken", NULL);
	return TRUE;
}

static gboolean
play(Talk *talk, gboolean by_octet)
{
	gboolean ok;

	talk->by_octet = by_octet;
	talk->session = talk->protocol->new_session(
		talk->config != NULL ? talk->config : "");
	talk->in = g_byte_array_new();
	talk->in_used = 0;
	talk->out = g_byte_array_new();
	talk->items = g_ptr_array_new_with_free_func(item_free);
	talk->next_item = 0;
	talk->open_ask = 0;
	talk->failed = FALSE;
	talk->now = 0;
	ok = play_steps(talk);
	g_byte_array_unref(talk->in);
	g_byte_array_unref(talk->out);
	g_ptr_array_unref(talk->items);
	pli_session_free(talk->session);
	return ok;
}

void
pli_talk_run(const PliTalkProtocol *protocol, const char *path)
{
	Talk talk = {.protocol = protocol, .path = path};

	talk.steps = g_ptr_array_new_with_free_func(step_free);
	read_file(&talk);
	if (!play(&talk, FALSE) || !play(&talk, TRUE))
		g_test_fail();
	g_ptr_array_unref(talk.steps);
	g_free(talk.config);
}

typedef struct {
	const PliTalkProtocol *protocol;
	char *path;
} TalkCase;

static void
run_case(gconstpointer data)
{
	const TalkCase *talk_case = data;

	pli_talk_run(talk_case->protocol, talk_case->path);
}

static void
case_free(gpointer data)
{
	TalkCase *talk_case = data;

	g_free(talk_case->path);
	g_free(talk_case);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
pli_talk_add_folder(const PliTalkProtocol *protocol, const char *folder,
		    const char *test_prefix)
{
	g_autofree char *dir = g_test_build_filename(G_TEST_DIST, folder, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autoptr(GDir) listing = g_dir_open(dir, 0, &error);
	const char *name;

	g_assert_no_error(error);
	while ((name = g_dir_read_name(listing)) != NULL)
		if (g_str_has_suffix(name, ".talk"))
			g_ptr_array_add(names, g_strdup(name));
	g_assert_cmpuint(names->len, >, 0);
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++) {
		TalkCase *talk_case = g_new0(TalkCase, 1);
		g_autofree char *test = NULL;

		name = g_ptr_array_index(names, i);
		talk_case->protocol = protocol;
		talk_case->path = g_build_filename(dir, name, NULL);
		test = g_strdup_printf("%s/%.*s", test_prefix,
				       (int)(strlen(name) - 5), name);
		g_test_add_data_func_full(test, talk_case, run_case, case_free);
	}
}
