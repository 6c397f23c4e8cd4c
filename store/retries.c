/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/retries.h"

#include "store/files-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "pli-retries-1\n"
#define HEADER 4096
/* A key may lie in one of so many places, told by its first octet. */
#define WAYS (PLI_RETRIES_MOST / 256)

typedef enum {
	RECORD_FREE,
	RECORD_FILLING,	 /* somebody writes it */
	RECORD_OPEN,
	RECORD_REPLYING,
	RECORD_LOST,
} RecordState;

/* The word is the slot and the state of a record, which change together: who
 * changed it has the record, whoever may be killed when. */
typedef struct {
	guint32 word;
	guint32 unused;
	gint64 time; /* when it began, or was lost */
	guint8 key[PLI_RETRIES_KEY];
	guint8 origin[16];
} Record;

typedef struct {
	char magic[16];
	char boot[64];
} Header;

struct PliRetries {
	guint slot;
	guint8 *map;
	Record *records;
};

#define LENGTH (HEADER + PLI_RETRIES_MOST * sizeof(Record))

G_STATIC_ASSERT(sizeof(Record) == 64);
G_STATIC_ASSERT(sizeof(Header) <= HEADER);

static guint32
word_of(const PliRetries *retries, RecordState state)
{
	return (guint32)retries->slot << 3 | (guint32)state;
}

static guint32
read_word(const Record *record)
{
	return __atomic_load_n(&record->word, __ATOMIC_ACQUIRE);
}

static RecordState
state_of(guint32 word)
{
	return (RecordState)(word & 7);
}

static void
set_state(const PliRetries *retries, Record *record, RecordState state)
{
	__atomic_store_n(&record->word, word_of(retries, state),
			 __ATOMIC_RELEASE);
}

/* FALSE: somebody else was quicker. */
static gboolean
change(const PliRetries *retries, Record *record, guint32 from,
       RecordState state)
{
	return __atomic_compare_exchange_n(
		&record->word, &from, word_of(retries, state), FALSE,
		__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* The header that this boot's table has. */
static gboolean
make_header(Header *header, GError **error)
{
	g_autofree char *boot = NULL;

	*header = (Header){.magic = MAGIC};
	if (!g_file_get_contents(PLI_RETRIES_BOOT_ID, &boot, NULL, error))
		return FALSE;
	g_strlcpy(header->boot, boot, sizeof header->boot);
	return TRUE;
}

/* Empties a table that is not of this boot: nobody has that one mapped. */
static gboolean
prepare(int fd, const char *path, GError **error)
{
	Header wanted, found = {0};
	struct stat st;
	int code;

	if (!make_header(&wanted, error))
		return FALSE;
	if (fstat(fd, &st) == 0 && st.st_size == (off_t)LENGTH &&
	    pread(fd, &found, sizeof found, 0) == (ssize_t)sizeof found &&
	    memcmp(&found, &wanted, sizeof found) == 0)
		return TRUE;
	if (ftruncate(fd, 0) < 0) {
		pli_files_set_error(error, "empty", path);
		return FALSE;
	}
	/* so that no page is missing when it is written to */
	code = posix_fallocate(fd, 0, (off_t)LENGTH);
	if (code != 0) {
		errno = code;
		pli_files_set_error(error, "make", path);
		return FALSE;
	}
	if (pwrite(fd, &wanted, sizeof wanted, 0) != (ssize_t)sizeof wanted) {
		pli_files_set_error(error, "write", path);
		return FALSE;
	}
	return TRUE;
}

/* What the slot's last owner was about when it ended. */
static void
recover(PliRetries *retries)
{
	for (guint i = 0; i < PLI_RETRIES_MOST; i++) {
		Record *record = &retries->records[i];
		guint32 word = read_word(record);

		if (word == word_of(retries, RECORD_OPEN))
			set_state(retries, record, RECORD_LOST);
		else if (word == word_of(retries, RECORD_FILLING) ||
			 word == word_of(retries, RECORD_REPLYING))
			set_state(retries, record, RECORD_FREE);
	}
}

PliRetries *
pli_retries_open(const char *dir, guint slot, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "retries", NULL);
	PliRetries *retries;
	void *map = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	g_assert(slot <= G_MAXUINT32 >> 3);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		pli_files_set_error(error, "open", path);
	else if (prepare(fd, path, error)) {
		map = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0);
		if (map == MAP_FAILED)
			pli_files_set_error(error, "map", path);
	}
	/* the mapping would keep the lock */
	if (fd >= 0)
		(void)flock(fd, LOCK_UN);
	pli_files_close(&fd);
	if (map == MAP_FAILED)
		return NULL;
	retries = g_new0(PliRetries, 1);
	retries->slot = slot;
	retries->map = map;
	retries->records = (Record *)(void *)(retries->map + HEADER);
	recover(retries);
	return retries;
}

void
pli_retries_close(PliRetries *retries)
{
	if (retries == NULL)
		return;
	munmap(retries->map, LENGTH);
	g_free(retries);
}

static gboolean
is_old(const Record *record, gint64 now)
{
	return now - record->time > PLI_RETRIES_SECONDS;
}

/* The lost one of that key, taken over; NULL: there is none. */
static Record *
take_lost(PliRetries *retries, Record *records, const guint8 *key, gint64 now)
{
	for (Record *record = records; record < records + WAYS; record++) {
		guint32 word = read_word(record);

		if (state_of(word) == RECORD_LOST && !is_old(record, now) &&
		    memcmp(record->key, key, PLI_RETRIES_KEY) == 0 &&
		    change(retries, record, word, RECORD_OPEN))
			return record;
	}
	return NULL;
}

/* One that is free, or else the lost one that has waited longest, to be
 * filled; NULL: all are open. */
static Record *
take_free(PliRetries *retries, Record *records)
{
	Record *oldest = NULL;
	guint32 word, oldest_word = 0;

	for (guint i = 0; i < WAYS; i++) {
		word = read_word(&records[i]);
		if (state_of(word) == RECORD_FREE &&
		    change(retries, &records[i], word, RECORD_FILLING))
			return &records[i];
		if (state_of(word) == RECORD_LOST &&
		    (oldest == NULL || records[i].time < oldest->time)) {
			oldest = &records[i];
			oldest_word = word;
		}
	}
	return oldest != NULL && change(retries, oldest, oldest_word,
					RECORD_FILLING)
		       ? oldest
		       : NULL;
}

static char *
format_origin(const Record *record)
{
	GString *text = g_string_new("retry-");

	for (guint i = 0; i < sizeof record->origin; i++)
		g_string_append_printf(text, "%02x", record->origin[i]);
	return g_string_free(text, FALSE);
}

guint
pli_retries_begin(PliRetries *retries, const guint8 *key, gint64 now,
		  char **ret_origin)
{
	Record *records = retries->records + (gsize)key[0] * WAYS;
	Record *record = take_lost(retries, records, key, now);

	if (record == NULL) {
		record = take_free(retries, records);
		if (record == NULL)
			return 0;
		memcpy(record->key, key, PLI_RETRIES_KEY);
		while (getrandom(record->origin, sizeof record->origin, 0) !=
		       sizeof record->origin)
			g_assert(errno == EINTR);
		record->time = now;
		set_state(retries, record, RECORD_OPEN);
	}
	*ret_origin = format_origin(record);
	return (guint)(record - retries->records) + 1;
}

static Record *
get_record(PliRetries *retries, guint transaction)
{
	Record *record;

	g_assert(transaction > 0 && transaction <= PLI_RETRIES_MOST);
	record = &retries->records[transaction - 1];
	g_assert(state_of(read_word(record)) == RECORD_OPEN ||
		 state_of(read_word(record)) == RECORD_REPLYING);
	return record;
}

void
pli_retries_set_replying(PliRetries *retries, guint transaction)
{
	set_state(retries, get_record(retries, transaction), RECORD_REPLYING);
}

void
pli_retries_end(PliRetries *retries, guint transaction, gboolean is_answered,
		gint64 now)
{
	Record *record = get_record(retries, transaction);

	if (!is_answered)
		record->time = now;
	set_state(retries, record,
		  is_answered ? RECORD_FREE : RECORD_LOST);
}
