/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-messages.h"

static GArray *
read_numbers(const char *text)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word != NULL && **word != '\0'; word++) {
		guint32 n = g_ascii_strtoull(*word, NULL, 10);

		g_array_append_val(numbers, n);
	}
	return numbers;
}

static char *
format_numbers(const GArray *numbers)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < numbers->len; i++)
		g_string_append_printf(out, i > 0 ? " %u" : "%u",
		                       g_array_index(numbers, guint32, i));
	return g_string_free(out, FALSE);
}

static PliImapView
make_view(const char *uids, const char *recent)
{
	return (PliImapView){.status = {.uid_validity = 1},
	                     .uids = read_numbers(uids),
	                     .recent = read_numbers(recent)};
}

static void
check_update(const char *before, const char *after, gboolean may_expunge,
             const char *expunged, const char *result)
{
	PliImapMessages messages = {0};
	PliImapView view = make_view(before, "");
	g_autoptr(GArray) gone = read_numbers("");
	g_autofree char *gone_text = NULL, *text = NULL;
	gboolean ok;

	pli_imap_messages_set(&messages, &view);
	view = make_view(after, "");
	ok = pli_imap_messages_update(&messages, &view, may_expunge, gone);
	gone_text = format_numbers(gone);
	text = format_numbers(messages.uids);
	g_assert_cmpint(ok, ==, result != NULL);
	g_assert_cmpstr(gone_text, ==, expunged);
	g_assert_cmpstr(text, ==, result != NULL ? result : before);
	pli_imap_messages_clear(&messages);
}

static void
test_update(void)
{
	check_update("1 2 3", "1 2 3", TRUE, "", "1 2 3");
	check_update("1 2 3", "1 2 3 7 9", TRUE, "", "1 2 3 7 9");
	check_update("1 2 3 5", "2 5 8", TRUE, "3 1", "2 5 8");
	check_update("1 2 3 5", "2 5 8", FALSE, "", "1 2 3 5 8");
	check_update("", "4", TRUE, "", "4");
	check_update("4", "", TRUE, "1", "");
	check_update("4294967295", "4294967295", FALSE, "", "4294967295");
	/* An old place in the order is never taken by another message. */
	check_update("1 3", "1 2 3", TRUE, "", NULL);
}

static void
test_other_mailbox(void)
{
	PliImapMessages messages = {0};
	PliImapView view = make_view("1 2", "");
	g_autoptr(GArray) gone = read_numbers("");

	pli_imap_messages_set(&messages, &view);
	view = make_view("1 2", "");
	view.status.uid_validity = 2;
	g_assert_false(pli_imap_messages_update(&messages, &view, TRUE, gone));
	pli_imap_messages_clear(&messages);
}

static void
test_recent(void)
{
	PliImapMessages messages = {0};
	PliImapView view = make_view("1 2 3", "2 3");
	g_autoptr(GArray) gone = read_numbers("");
	g_autofree char *text = NULL;

	pli_imap_messages_set(&messages, &view);
	g_assert_true(pli_imap_messages_is_recent(&messages, 3));
	g_assert_false(pli_imap_messages_is_recent(&messages, 1));
	view = make_view("1 3 4 6", "3 6");
	g_assert_true(pli_imap_messages_update(&messages, &view, TRUE, gone));
	text = format_numbers(messages.recent);
	g_assert_cmpstr(text, ==, "3 6");
	pli_imap_messages_clear(&messages);
}

static void
check_resolve(const char *uids, const char *set, gboolean by_uid,
              const char *expected)
{
	PliImapMessages messages = {0};
	PliImapView view = make_view(uids, "");
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE,
	                                       sizeof(PliImapRange));
	g_autoptr(GArray) positions = NULL;
	g_autofree char *octets = g_strdup(set);
	g_autoptr(GString) out = g_string_new(NULL);
	PliImapLexer lexer;

	pli_imap_messages_set(&messages, &view);
	pli_imap_lexer_init(&lexer, (guint8 *)octets, strlen(octets));
	g_assert_true(pli_imap_lexer_take_sequence(&lexer, ranges));
	positions = pli_imap_messages_resolve(&messages, ranges, by_uid);
	for (guint i = 0; positions != NULL && i < positions->len; i++) {
		PliImapRange r = g_array_index(positions, PliImapRange, i);

		g_string_append_printf(out, "%u-%u ", r.first, r.last);
	}
	g_assert_cmpstr(positions != NULL ? out->str : NULL, ==, expected);
	pli_imap_messages_clear(&messages);
}

static void
test_resolve(void)
{
	check_resolve("5 6 9", "1:3", FALSE, "0-2 ");
	check_resolve("5 6 9", "3,1", FALSE, "0-0 2-2 ");
	check_resolve("5 6 9", "3:1,2", FALSE, "0-2 ");
	check_resolve("5 6 9", "*", FALSE, "2-2 ");
	check_resolve("5 6 9", "2:*", FALSE, "1-2 ");
	check_resolve("5 6 9", "4", FALSE, NULL);
	check_resolve("5 6 9", "2:4", FALSE, NULL);
	check_resolve("", "1:*", FALSE, NULL);
	check_resolve("", "*", FALSE, NULL);
	check_resolve("5 6 9", "1:8", TRUE, "0-1 ");
	check_resolve("5 6 9", "7", TRUE, "");
	check_resolve("5 6 9", "20:*", TRUE, "2-2 ");
	check_resolve("5 6 9", "*:1,6", TRUE, "0-2 ");
	check_resolve("5 6 9", "6:4294967295", TRUE, "1-2 ");
	check_resolve("", "1:*", TRUE, "");
	/* RFC 3501 9 "sequence-set": 2,4:7,9,12:* of 15 messages. */
	check_resolve("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "2,4:7,9,12:*",
	              FALSE, "1-1 3-6 8-8 11-14 ");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-messages/update", test_update);
	g_test_add_func("/protocols/imap-messages/other-mailbox",
	                test_other_mailbox);
	g_test_add_func("/protocols/imap-messages/recent", test_recent);
	g_test_add_func("/protocols/imap-messages/resolve", test_resolve);
	return g_test_run();
}
