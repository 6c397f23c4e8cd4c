/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/fragments.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file-source.h"

/* Of what is missing, in a sentence. */
#define MAX_TOLD 10

/* A file that is opened again by its path, or a source that is kept. */
struct PliFragmentPlace {
	char *path;
	struct stat stat;
	PliSource *source;
};

struct PliFragments {
	GPtrArray *groups;
	GHashTable *by_id; /* of GBytes and PliFragmentGroup, both borrowed */
	guint n;
};

/* --- places --- */

static gboolean
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Whether the message is the whole of a file that its path leads to. */
static gboolean
find_file(const PliMessage *message, struct stat *ret_stat)
{
	struct stat by_path;
	guint64 start = 0;
	int fd = pli_source_get_fd(message->source, &start);

	return fd >= 0 && start == 0 && message->number == 0 &&
	       fstat(fd, ret_stat) == 0 && stat(message->file, &by_path) == 0 &&
	       S_ISREG(by_path.st_mode) && is_same_file(ret_stat, &by_path);
}

static PliFragmentPlace *
place_new(const PliMessage *message)
{
	PliFragmentPlace *place = g_new0(PliFragmentPlace, 1);

	if (find_file(message, &place->stat))
		place->path = g_strdup(message->file);
	else
		place->source = pli_source_ref(message->source);
	return place;
}

static void
place_free(PliFragmentPlace *place)
{
	g_free(place->path);
	pli_source_unref(place->source);
	g_free(place);
}

PliSource *
pli_fragment_open(const PliFragment *fragment, GError **error)
{
	const PliFragmentPlace *place = fragment->place;
	struct stat now;
	int fd;

	if (place->source != NULL)
		return pli_source_ref(place->source);
	fd = open(place->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		g_set_error_literal(error, G_FILE_ERROR,
				    g_file_error_from_errno(errno),
				    g_strerror(errno));
		return NULL;
	}
	if (fstat(fd, &now) != 0 || !is_same_file(&now, &place->stat)) {
		close(fd);
		g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO,
				    "changed while it was read");
		return NULL;
	}
	return pli_file_source_new(fd, 0, G_MAXUINT64, error);
}

/* --- groups --- */

static void
clear_fragment(gpointer data)
{
	PliFragment *fragment = data;

	g_free(fragment->name);
	place_free(fragment->place);
}

static void
group_free(gpointer data)
{
	PliFragmentGroup *group = data;

	g_bytes_unref(group->id);
	g_array_unref(group->fragments);
	g_free(group);
}

PliFragments *
pli_fragments_new(void)
{
	PliFragments *fragments = g_new0(PliFragments, 1);

	fragments->groups = g_ptr_array_new_with_free_func(group_free);
	fragments->by_id = g_hash_table_new(g_bytes_hash, g_bytes_equal);
	return fragments;
}

void
pli_fragments_free(PliFragments *fragments)
{
	if (fragments == NULL)
		return;
	g_hash_table_unref(fragments->by_id);
	g_ptr_array_unref(fragments->groups);
	g_free(fragments);
}

static PliFragmentGroup *
get_group(PliFragments *fragments, PliSlice id)
{
	g_autoptr(GBytes) key = g_bytes_new(id.data, id.len);
	PliFragmentGroup *group = g_hash_table_lookup(fragments->by_id, key);

	if (group != NULL)
		return group;
	group = g_new0(PliFragmentGroup, 1);
	group->id = g_steal_pointer(&key);
	group->fragments = g_array_new(FALSE, FALSE, sizeof(PliFragment));
	g_array_set_clear_func(group->fragments, clear_fragment);
	g_ptr_array_add(fragments->groups, group);
	g_hash_table_insert(fragments->by_id, group->id, group);
	return group;
}

static gboolean
has_control(PliSlice text)
{
	for (gsize i = 0; i < text.len; i++)
		if (g_ascii_iscntrl(text.data[i]))
			return TRUE;
	return FALSE;
}

static const char *
find_problem(const PliFragments *fragments, PliSlice id)
{
	if (id.len > PLI_FRAGMENTS_ID_OCTETS)
		return "its id is longer than a line may be";
	if (has_control(id))
		return "its id has control characters";
	if (fragments->n == PLI_FRAGMENTS_MAX)
		return "there are more fragments than the limit";
	return NULL;
}

gboolean
pli_fragments_add(PliFragments *fragments, const PliMessage *message,
		  const char **ret_problem)
{
	const PliPartialPiece piece = {message->structure, 0};
	PliDefectSet set = {{0}};
	PliFragmentGroup *group;
	PliFragment fragment;
	PliPartialInfo info;

	if (!pli_partial_read(&piece, &info, &set)) {
		*ret_problem =
			pli_defect_set_has(&set, PLI_DEFECT_PARTIAL_MALFORMED)
				? pli_defect_get_info(
					  PLI_DEFECT_PARTIAL_MALFORMED)
					  ->sentence
				: NULL;
		return FALSE;
	}
	*ret_problem = find_problem(fragments, info.id);
	if (*ret_problem != NULL)
		return FALSE;
	fragment = (PliFragment){
		.name = pli_message_dup_name(message),
		.number = info.number,
		.total = info.total,
		.place = place_new(message),
	};
	group = get_group(fragments, info.id);
	g_array_append_val(group->fragments, fragment);
	pli_defect_set_add_all(&group->defects, &set);
	if (group->total == 0)
		group->total = info.total;
	fragments->n++;
	return TRUE;
}

static gint
compare_numbers(gconstpointer a, gconstpointer b)
{
	const PliFragment *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

const GPtrArray *
pli_fragments_finish(PliFragments *fragments)
{
	for (guint i = 0; i < fragments->groups->len; i++) {
		PliFragmentGroup *group = fragments->groups->pdata[i];

		g_array_sort(group->fragments, compare_numbers);
	}
	return fragments->groups;
}

/* --- what is wrong --- */

static const PliFragment *
get_fragment(const PliFragmentGroup *group, guint i)
{
	return &g_array_index(group->fragments, PliFragment, i);
}

static void
add_range(GArray *ranges, guint max, guint32 first, guint32 last)
{
	const PliFragmentRange range = {first, last};

	if (first <= last && ranges->len < max)
		g_array_append_val(ranges, range);
}

GArray *
pli_fragment_group_dup_missing(const PliFragmentGroup *group, guint max)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(PliFragmentRange));
	guint32 next = 1;

	for (guint i = 0; i < group->fragments->len; i++) {
		guint32 number = get_fragment(group, i)->number;

		if (group->total != 0 && number > group->total)
			break;
		add_range(ranges, max, next, number - 1);
		next = number + 1;
	}
	add_range(ranges, max, next, group->total);
	return ranges;
}

/* Fragments that contradict each other. */
static char *
dup_conflict(const PliFragmentGroup *group)
{
	for (guint i = 0; i < group->fragments->len; i++) {
		const PliFragment *fragment = get_fragment(group, i);

		if (fragment->total != 0 && fragment->total != group->total)
			return g_strdup_printf(
				"one fragment says that there are %u, and %s "
				"that there are %u",
				group->total, fragment->name, fragment->total);
		if (group->total != 0 && fragment->number > group->total)
			return g_strdup_printf("%s is number %u of %u",
					       fragment->name, fragment->number,
					       group->total);
		if (i > 0 &&
		    get_fragment(group, i - 1)->number == fragment->number)
			return g_strdup_printf("%s and %s are both number %u",
					       get_fragment(group, i - 1)->name,
					       fragment->name,
					       fragment->number);
	}
	return NULL;
}

/* "2", "2, 4-7 ..." */
static void
append_ranges(GString *text, const GArray *ranges)
{
	for (guint i = 0; i < MIN(ranges->len, MAX_TOLD); i++) {
		const PliFragmentRange *range =
			&g_array_index(ranges, PliFragmentRange, i);

		g_string_append_printf(text, "%s%u", i > 0 ? ", " : "",
				       range->first);
		if (range->last > range->first)
			g_string_append_printf(text, "-%u", range->last);
	}
	if (ranges->len > MAX_TOLD)
		g_string_append(text, " ...");
}

static char *
dup_incomplete(const PliFragmentGroup *group)
{
	g_autoptr(GArray) missing =
		pli_fragment_group_dup_missing(group, MAX_TOLD + 1);
	GString *text;

	if (group->total != 0 && missing->len == 0)
		return NULL;
	text = g_string_new(NULL);
	if (missing->len > 0) {
		g_string_append(text, "missing number ");
		append_ranges(text, missing);
	}
	if (group->total != 0)
		g_string_append_printf(text, " of %u", group->total);
	else
		g_string_append_printf(text,
				       "%sno fragment says how many there are",
				       missing->len > 0 ? ", and " : "");
	return g_string_free(text, FALSE);
}

char *
pli_fragment_group_dup_problem(const PliFragmentGroup *group,
			       PliDefectId *ret_defect)
{
	char *problem = dup_conflict(group);

	*ret_defect = PLI_DEFECT_PARTIAL_CONFLICT;
	if (problem != NULL)
		return problem;
	*ret_defect = PLI_DEFECT_PARTIAL_INCOMPLETE;
	return dup_incomplete(group);
}
