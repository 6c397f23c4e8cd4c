/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/delivery.h"

#include "store/maildir-account.h"

#define LANES 4
#define BATCH 64       /* appends that may share a sync */
#define LOOKAHEAD 4096 /* jobs looked at for them */
#define LAST_DELAY 6   /* 64 s */

typedef struct {
	PliDelivery *delivery;
	char *id;
	guint recipient;
	char *account;
	PliDeliveryDone done;
	gpointer data;
	guint tries;
	gint64 due_us;
	PliSpooled *spooled; /* while it is being appended */
	char *origin;
	GError *error; /* on the way back to who waits */
} Job;

typedef struct {
	PliDelivery *delivery;
	GThread *thread;
	GMutex lock; /* of what follows */
	GCond changed;
	GQueue ready;  /* Job */
	GQueue failed; /* Job, to be tried again; soonest first */
	gboolean stopping;
} Lane;

struct PliDelivery {
	PliSharedSpool *spool;
	PliAccounts *accounts;
	PliPost *post;
	PliCounters *counters;
	const PliLog *log;
	Lane lanes[LANES];
};

static void
job_free(gpointer data)
{
	Job *job = data;

	pli_counters_take(job->delivery->counters, deliveries_waiting, 1);
	pli_spooled_free(job->spooled);
	g_clear_error(&job->error);
	g_free(job->origin);
	g_free(job->account);
	g_free(job->id);
	g_free(job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

static void
tell(gpointer data)
{
	g_autoptr(Job) job = data;

	job->done(job->data, job->recipient, job->error);
}

static void
log_job(const Job *job, const GError *error)
{
	PliLogLine line;

	pli_log_line_begin(&line, job->delivery->log, "delivery");
	pli_log_line_add_text(&line, "spool", job->id);
	pli_log_line_add_number(&line, "recipient", job->recipient);
	pli_log_line_add_text(&line, "account", job->account);
	pli_log_line_add_text(&line, "result",
	                      error == NULL ? "delivered" : "failed");
	if (error != NULL)
		pli_log_line_add_text(&line, "error", error->message);
	if (error != NULL && job->done == NULL)
		pli_log_line_add_number(&line, "tries", job->tries + 1);
	pli_log_line_send(&line);
}

/* The recipients are served, or are somebody else's to serve. A failure is
 * harmless: the replay meets the same origins. */
static void
set_done(PliDelivery *delivery, Job *const *jobs, guint n)
{
	PliSharedSpool *spool = delivery->spool;
	g_autofree PliSpoolDone *done = g_new(PliSpoolDone, n);
	g_autoptr(GError) error = NULL;
	guint i;

	for (i = 0; i < n; i++) {
		g_clear_pointer(&jobs[i]->spooled, pli_spooled_free);
		done[i] = (PliSpoolDone){jobs[i]->id, jobs[i]->recipient};
	}
	g_mutex_lock(&spool->lock);
	if (!pli_spool_set_done(spool->spool, done, n, &error))
		pli_log_error(delivery->log, "spool", error->message);
	g_mutex_unlock(&spool->lock);
}

static gint
compare_due(gconstpointer a, gconstpointer b, gpointer data)
{
	const Job *x = a, *y = b;

	return (x->due_us > y->due_us) - (x->due_us < y->due_us);
}

/* Whether the spool need not keep it: it is served, or somebody who waits is
 * told that it is not. */
static gboolean
has_ended(const Job *job, const GError *error)
{
	return error == NULL || job->done != NULL;
}

/* Ends with a job, in the thread of its lane; one that has_ended() is set done
 * already. Takes it; `error` may be NULL. */
static void
finish_job(Lane *lane, Job *job, const GError *error)
{
	PliDelivery *delivery = lane->delivery;

	log_job(job, error);
	if (error == NULL)
		pli_counters_add(delivery->counters, delivered, 1);
	if (has_ended(job, error)) {
		if (job->done == NULL) {
			job_free(job);
			return;
		}
		job->error = error != NULL ? g_error_copy(error) : NULL;
		pli_post_send(delivery->post, tell, job);
		return;
	}
	pli_counters_add(delivery->counters, delivery_retries, 1);
	g_clear_pointer(&job->spooled, pli_spooled_free);
	job->due_us = g_get_monotonic_time() +
	              (G_USEC_PER_SEC << MIN(job->tries, LAST_DELAY));
	job->tries++;
	g_mutex_lock(&lane->lock);
	g_queue_insert_sorted(&lane->failed, job, compare_due, NULL);
	g_mutex_unlock(&lane->lock);
}

/* FALSE: the job has come to its end. */
static gboolean
load_job(Lane *lane, Job *job)
{
	PliSharedSpool *spool = lane->delivery->spool;
	g_autoptr(GError) error = NULL;

	g_mutex_lock(&spool->lock);
	job->spooled = pli_spool_load(spool->spool, job->id, &error);
	g_mutex_unlock(&spool->lock);
	if (job->spooled != NULL &&
	    !pli_spooled_is_done(job->spooled, job->recipient))
		return TRUE;
	if (job->done == NULL &&
	    (job->spooled != NULL ||
	     g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))) {
		job_free(job); /* served before the last restart */
		return FALSE;
	}
	if (has_ended(job, error))
		set_done(lane->delivery, &job, 1);
	finish_job(lane, job, error);
	return FALSE;
}

static void
fill_append(Job *job, PliMailbox *inbox, PliMaildirAppend *item)
{
	const PliSpoolEnvelope *envelope =
	        pli_spooled_get_envelope(job->spooled);

	const char *origin = envelope->recipients[job->recipient].origin;

	g_free(job->origin);
	job->origin = origin != NULL ? g_strdup(origin)
	                             : g_strdup_printf("%s/%u", job->id,
	                                               job->recipient);
	*item = (PliMaildirAppend){
	        .mailbox = inbox,
	        .append = {
	                .prefix = envelope->prefix,
	                .source = pli_spooled_get_source(job->spooled),
	                .structure = envelope->structure,
	                .internal_date = envelope->arrival,
	                .origin = job->origin,
	        },
	};
	item->append.link_name = pli_spooled_get_file(
	        job->spooled, &item->append.link_dir);
}

/* Appends jobs of one account with one sync. */
static gboolean
append_jobs(PliAccountUse *use, GPtrArray *jobs, GError **error)
{
	g_autofree PliMaildirAppend *items =
	        g_new0(PliMaildirAppend, jobs->len);
	PliAccount *account = pli_account_use_lock(use, error);
	PliMailbox *inbox;
	gboolean ok;
	guint i;

	if (account == NULL)
		return FALSE;
	inbox = pli_account_use_get_inbox(use, error);
	for (i = 0; inbox != NULL && i < jobs->len; i++)
		fill_append(g_ptr_array_index(jobs, i), inbox, &items[i]);
	ok = inbox != NULL && pli_maildir_account_append_batch(
	                              account, items, jobs->len, error);
	pli_account_use_unlock(use);
	return ok;
}

/* Those that have ended leave the spool together. */
static void
finish_jobs(Lane *lane, GPtrArray *jobs, GError *const *errors)
{
	g_autofree Job **ended = g_new(Job *, jobs->len);
	guint i, n = 0;

	for (i = 0; i < jobs->len; i++) {
		Job *job = g_ptr_array_index(jobs, i);

		if (has_ended(job, errors[i]))
			ended[n++] = job;
	}
	if (n > 0)
		set_done(lane->delivery, ended, n);
	for (i = 0; i < jobs->len; i++)
		finish_job(lane, g_ptr_array_index(jobs, i), errors[i]);
}

/* Jobs of one account, loaded. When the batch fails each is tried alone, so
 * that one bad message does not hold up the others. */
static void
deliver_jobs(Lane *lane, PliAccountUse *use, GPtrArray *jobs)
{
	g_autofree GError **errors = g_new0(GError *, jobs->len);
	g_autoptr(GError) error = NULL;
	guint i;

	if (!append_jobs(use, jobs, &error)) {
		for (i = 0; i < jobs->len && jobs->len > 1; i++) {
			g_autoptr(GPtrArray) one = g_ptr_array_new();

			g_ptr_array_add(one, g_ptr_array_index(jobs, i));
			append_jobs(use, one, &errors[i]);
		}
		if (jobs->len == 1)
			errors[0] = g_steal_pointer(&error);
	}
	finish_jobs(lane, jobs, errors);
	for (i = 0; i < jobs->len; i++)
		g_clear_error(&errors[i]);
}

static void
deliver_batch(Lane *lane, GPtrArray *batch)
{
	const char *name = ((Job *)g_ptr_array_index(batch, 0))->account;
	g_autoptr(GPtrArray) jobs = g_ptr_array_new();
	g_autoptr(PliAccountUse) use = NULL;
	guint i;

	use = pli_accounts_take(lane->delivery->accounts, name);
	for (i = 0; i < batch->len; i++) {
		Job *job = g_ptr_array_index(batch, i);

		if (load_job(lane, job))
			g_ptr_array_add(jobs, job);
	}
	if (jobs->len > 0)
		deliver_jobs(lane, use, jobs);
}

/* Waits until a job is ready or the lane ends; locked. */
static void
wait_ready(Lane *lane)
{
	Job *job;

	while (!lane->stopping && lane->ready.length == 0) {
		job = g_queue_peek_head(&lane->failed);
		if (job == NULL)
			g_cond_wait(&lane->changed, &lane->lock);
		else if (job->due_us <= g_get_monotonic_time())
			g_queue_push_tail(&lane->ready,
			                  g_queue_pop_head(&lane->failed));
		else
			g_cond_wait_until(&lane->changed, &lane->lock,
			                  job->due_us);
	}
}

/* The first job that is ready and others of its account, in their order;
 * empty when the lane ends. */
static GPtrArray *
take_batch(Lane *lane)
{
	GPtrArray *batch = g_ptr_array_new();
	const char *account = NULL;
	GList *link, *next;
	guint n_seen = 0;

	g_mutex_lock(&lane->lock);
	wait_ready(lane);
	link = lane->stopping ? NULL : lane->ready.head;
	while (link != NULL && batch->len < BATCH && n_seen++ < LOOKAHEAD) {
		Job *job = link->data;

		next = link->next;
		if (account == NULL)
			account = job->account;
		if (g_str_equal(job->account, account)) {
			g_ptr_array_add(batch, job);
			g_queue_delete_link(&lane->ready, link);
		}
		link = next;
	}
	g_mutex_unlock(&lane->lock);
	return batch;
}

static gpointer
run_lane(gpointer data)
{
	Lane *lane = data;

	for (;;) {
		g_autoptr(GPtrArray) batch = take_batch(lane);

		if (batch->len == 0)
			return NULL;
		deliver_batch(lane, batch);
	}
}

PliDelivery *
pli_delivery_new(PliSharedSpool *spool, PliAccounts *accounts, PliPost *post,
                 PliCounters *counters, const PliLog *log)
{
	PliDelivery *delivery = g_new0(PliDelivery, 1);
	guint i;

	delivery->spool = spool;
	delivery->accounts = accounts;
	delivery->post = post;
	delivery->counters = counters;
	delivery->log = log;
	for (i = 0; i < LANES; i++) {
		Lane *lane = &delivery->lanes[i];

		lane->delivery = delivery;
		g_mutex_init(&lane->lock);
		g_cond_init(&lane->changed);
		g_queue_init(&lane->ready);
		g_queue_init(&lane->failed);
		lane->thread = g_thread_new("pli-deliver", run_lane, lane);
	}
	return delivery;
}

static void
cancel_job(gpointer data, gpointer user_data)
{
	g_autoptr(Job) job = data;
	g_autoptr(GError) error = NULL;

	if (job->done == NULL)
		return; /* stays in the spool for the next run */
	set_done(job->delivery, &(Job *){job}, 1);
	g_set_error_literal(&error, G_FILE_ERROR, G_FILE_ERROR_INTR,
	                    "the server stops");
	job->done(job->data, job->recipient, error);
}

void
pli_delivery_free(PliDelivery *delivery)
{
	guint i;

	if (delivery == NULL)
		return;
	for (i = 0; i < LANES; i++) {
		g_mutex_lock(&delivery->lanes[i].lock);
		delivery->lanes[i].stopping = TRUE;
		g_cond_signal(&delivery->lanes[i].changed);
		g_mutex_unlock(&delivery->lanes[i].lock);
	}
	for (i = 0; i < LANES; i++) {
		Lane *lane = &delivery->lanes[i];

		g_thread_join(lane->thread);
		g_queue_foreach(&lane->ready, cancel_job, NULL);
		g_queue_foreach(&lane->failed, cancel_job, NULL);
		g_queue_clear(&lane->ready);
		g_queue_clear(&lane->failed);
		g_cond_clear(&lane->changed);
		g_mutex_clear(&lane->lock);
	}
	pli_post_flush(delivery->post);
	g_free(delivery);
}

void
pli_delivery_add(PliDelivery *delivery, const char *id, guint recipient,
                 const char *account, PliDeliveryDone done, gpointer data)
{
	Job *job = g_new0(Job, 1);
	Lane *lane;

	pli_counters_add(delivery->counters, deliveries_waiting, 1);
	job->delivery = delivery;
	job->id = g_strdup(id);
	job->recipient = recipient;
	job->account = g_strdup(account);
	job->done = done;
	job->data = data;
	lane = &delivery->lanes[g_str_hash(job->account) % LANES];
	g_mutex_lock(&lane->lock);
	g_queue_push_tail(&lane->ready, job);
	g_cond_signal(&lane->changed);
	g_mutex_unlock(&lane->lock);
}

static gboolean
replay_one(PliDelivery *delivery, const char *id, GError **error)
{
	g_autoptr(PliSpooled) spooled = NULL;
	const PliSpoolEnvelope *envelope;
	guint i;

	g_mutex_lock(&delivery->spool->lock);
	spooled = pli_spool_load(delivery->spool->spool, id, error);
	g_mutex_unlock(&delivery->spool->lock);
	if (spooled == NULL)
		return FALSE;
	envelope = pli_spooled_get_envelope(spooled);
	for (i = 0; i < envelope->n_recipients; i++)
		if (!pli_spooled_is_done(spooled, i))
			pli_delivery_add(delivery, id, i,
			                 envelope->recipients[i].account, NULL,
			                 NULL);
	return TRUE;
}

gboolean
pli_delivery_replay(PliDelivery *delivery, GError **error)
{
	g_auto(GStrv) ids = NULL;
	guint i;

	g_mutex_lock(&delivery->spool->lock);
	ids = pli_spool_list(delivery->spool->spool, error);
	g_mutex_unlock(&delivery->spool->lock);
	if (ids == NULL)
		return FALSE;
	for (i = 0; ids[i] != NULL; i++) {
		g_autoptr(GError) own = NULL;

		/* one that cannot be read must not hold up the others */
		if (!replay_one(delivery, ids[i], &own))
			pli_log_error(delivery->log, "replay", own->message);
	}
	return TRUE;
}
