/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-messages.h"

static guint32
get_at(const GArray *uids, guint i)
{
	return g_array_index(uids, guint32, i);
}

/* Position of the first UID that is `uid` or more. */
static guint
find_from(const GArray *uids, guint32 uid)
{
	guint low = 0, high = uids->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (get_at(uids, middle) < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static gboolean
has_uid(const GArray *uids, guint32 uid)
{
	guint i;

	if (uids == NULL)
		return FALSE;
	i = find_from(uids, uid);
	return i < uids->len && get_at(uids, i) == uid;
}

void
pli_imap_messages_clear(PliImapMessages *messages)
{
	g_clear_pointer(&messages->uids, g_array_unref);
	g_clear_pointer(&messages->recent, g_array_unref);
	memset(&messages->status, 0, sizeof messages->status);
}

static void
assert_ascending(const GArray *uids)
{
	for (guint i = 1; uids != NULL && i < uids->len; i++)
		g_assert(get_at(uids, i - 1) < get_at(uids, i));
}

void
pli_imap_messages_set(PliImapMessages *messages, PliImapView *view)
{
	pli_imap_messages_clear(messages);
	g_assert(view->uids != NULL);
	assert_ascending(view->uids);
	assert_ascending(view->recent);
	messages->uids = g_steal_pointer(&view->uids);
	messages->recent = view->recent != NULL
	                           ? g_steal_pointer(&view->recent)
	                           : g_array_new(FALSE, FALSE, 4);
	messages->status = view->status;
}

/* UIDs only grow: what is new comes after all that was there. */
static gboolean
is_later_view(const GArray *old, const GArray *newer)
{
	guint32 last = old->len > 0 ? get_at(old, old->len - 1) : 0;

	for (guint i = 0; i < newer->len; i++) {
		guint32 uid = get_at(newer, i);

		if (uid > last)
			return TRUE;
		if (!has_uid(old, uid))
			return FALSE;
	}
	return TRUE;
}

/* Adds those newly recent and drops those that are gone. */
static void
update_recent(PliImapMessages *messages, const GArray *more)
{
	GArray *old = messages->recent, *merged;
	guint i = 0, j = 0, n_more = more != NULL ? more->len : 0;

	merged = g_array_new(FALSE, FALSE, sizeof(guint32));
	while (i < old->len || j < n_more) {
		guint32 uid;

		if (j >= n_more ||
		    (i < old->len && get_at(old, i) <= get_at(more, j)))
			uid = get_at(old, i++);
		else
			uid = get_at(more, j++);
		if (has_uid(messages->uids, uid) &&
		    (merged->len == 0 || get_at(merged, merged->len - 1) < uid))
			g_array_append_val(merged, uid);
	}
	messages->recent = merged;
	g_array_unref(old);
}

static void
append_later(GArray *uids, const GArray *newer)
{
	guint32 last = uids->len > 0 ? get_at(uids, uids->len - 1) : 0;

	for (guint i = find_from(newer, last); i < newer->len; i++) {
		guint32 uid = get_at(newer, i);

		if (uid > last)
			g_array_append_val(uids, uid);
	}
}

gboolean
pli_imap_messages_update(PliImapMessages *messages, PliImapView *view,
                         gboolean may_expunge, GArray *expunged)
{
	g_autoptr(GArray) newer = g_steal_pointer(&view->uids);
	g_autoptr(GArray) recent = g_steal_pointer(&view->recent);
	GArray *old = messages->uids;

	g_assert(newer != NULL);
	assert_ascending(newer);
	assert_ascending(recent);
	if (view->status.uid_validity != messages->status.uid_validity ||
	    !is_later_view(old, newer))
		return FALSE;
	if (may_expunge) {
		for (guint32 i = old->len; i > 0; i--)
			if (!has_uid(newer, get_at(old, i - 1)))
				g_array_append_val(expunged, i);
		g_array_unref(old);
		messages->uids = g_steal_pointer(&newer);
	} else {
		append_later(old, newer);
	}
	messages->status = view->status;
	update_recent(messages, recent);
	return TRUE;
}

guint32
pli_imap_messages_find(const PliImapMessages *messages, guint32 uid)
{
	guint i = find_from(messages->uids, uid);

	if (i < messages->uids->len && get_at(messages->uids, i) == uid)
		return i;
	return PLI_NONE;
}

gboolean
pli_imap_messages_is_recent(const PliImapMessages *messages, guint32 uid)
{
	return has_uid(messages->recent, uid);
}

static void
add_uid_range(const GArray *uids, PliImapRange uid_range, GArray *positions)
{
	PliImapRange range;
	guint end = uids->len;

	range.first = find_from(uids, uid_range.first);
	if (uid_range.last < G_MAXUINT32)
		end = find_from(uids, uid_range.last + 1);
	if (range.first >= end)
		return;
	range.last = end - 1;
	g_array_append_val(positions, range);
}

static int
compare_ranges(gconstpointer a, gconstpointer b)
{
	const PliImapRange *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Joins ranges that touch or overlap. */
static void
join_ranges(GArray *positions)
{
	PliImapRange *ranges = (PliImapRange *)positions->data;
	guint n = 0;

	g_array_sort(positions, compare_ranges);
	for (guint i = 0; i < positions->len; i++) {
		if (n > 0 && ranges[i].first <= ranges[n - 1].last + 1)
			ranges[n - 1].last =
			        MAX(ranges[n - 1].last, ranges[i].last);
		else
			ranges[n++] = ranges[i];
	}
	g_array_set_size(positions, n);
}

GArray *
pli_imap_messages_resolve(const PliImapMessages *messages,
                          const GArray *ranges, gboolean by_uid)
{
	const GArray *uids = messages->uids;
	g_autoptr(GArray) positions = NULL;
	guint32 star;

	positions = g_array_new(FALSE, FALSE, sizeof(PliImapRange));
	star = by_uid ? (uids->len > 0 ? get_at(uids, uids->len - 1) : 0)
	              : uids->len;
	for (guint i = 0; i < ranges->len; i++) {
		PliImapRange range = g_array_index(ranges, PliImapRange, i);
		guint32 a = range.first != 0 ? range.first : star;
		guint32 b = range.last != 0 ? range.last : star;

		range = (PliImapRange){MIN(a, b), MAX(a, b)};
		if (by_uid) {
			add_uid_range(uids, range, positions);
			continue;
		}
		if (range.first == 0 || range.last > uids->len)
			return NULL;
		range.first--;
		range.last--;
		g_array_append_val(positions, range);
	}
	join_ranges(positions);
	return g_steal_pointer(&positions);
}
