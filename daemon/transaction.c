/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/transaction.h"

#include "daemon/clients.h"

#define QUEUED_MAX (8 * 1024 * 1024)

struct PliTransaction {
	PliCheckpointer *checkpointer;
	PliCheckpointState state;
	char **recipients;
	guint64 offset; /* of PART and DONE */
	guint64 octets; /* of the message */
	GByteArray *block; /* not yet given to the thread */
	gboolean gave_up;
	gint queued; /* octets given to it and not yet written; atomic */

	/* The thread's; the loop looks once a job of its own is done. */
	PliCheckpoint *checkpoint;
	gboolean has_file;
	gboolean has_failed;
	GError *error;
	PliMessage *message;
};

/* Strings with a NUL behind each, which none of them holds. */
static GByteArray *
make_identity(const PliSmtpMail *mail, const char *peer)
{
	g_autofree char *helo = g_ascii_strdown(mail->helo, -1);
	const char *const parts[] = {
	        mail->transid,
	        helo,
	        mail->path->text,
	        mail->user != NULL ? "user" : "peer",
	        mail->user != NULL ? mail->user : peer,
	        mail->body == PLI_SMTP_BODY_BINARYMIME ? "binary" : "text",
	        mail->utf8 ? "utf8" : "",
	};
	GByteArray *identity = g_byte_array_new();

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		g_byte_array_append(identity, (const guint8 *)parts[i],
		                    (guint)strlen(parts[i]) + 1);
	return identity;
}

PliTransaction *
pli_transaction_new(PliCheckpointer *checkpointer, const PliSmtpMail *mail,
                    const char *peer)
{
	PliTransaction *transaction = g_new0(PliTransaction, 1);
	g_autoptr(GByteArray) identity = make_identity(mail, peer);
	g_autofree char *address = pli_clients_dup_key(peer);
	g_autofree char *client = g_strconcat(
	        mail->user != NULL ? "user " : "peer ",
	        mail->user != NULL ? mail->user : address, NULL);

	transaction->checkpointer = checkpointer;
	transaction->block = g_byte_array_new();
	transaction->checkpoint = pli_checkpoint_new(
	        pli_checkpointer_get_dir(checkpointer), client,
	        pli_slice_new(identity->data, identity->len));
	return transaction;
}

static void
transaction_free(gpointer data)
{
	PliTransaction *transaction = data;

	pli_checkpoint_free(transaction->checkpoint);
	g_clear_error(&transaction->error);
	g_byte_array_unref(transaction->block);
	g_strfreev(transaction->recipients);
	g_free(transaction);
}

static void
push(PliTransaction *transaction, PliPostFunc work, PliPostFunc done,
     gpointer data)
{
	pli_checkpointer_push(transaction->checkpointer, work, transaction,
	                      done, data);
}

static gint64
get_now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static void
find(gpointer data)
{
	PliTransaction *t = data;

	if (!pli_checkpoint_find(t->checkpoint, get_now(), &t->state,
	                         &t->error)) {
		t->has_failed = TRUE;
		return;
	}
	if (t->state == PLI_CHECKPOINT_NONE)
		return;
	t->has_file = t->state == PLI_CHECKPOINT_PART;
	t->octets = t->offset = pli_checkpoint_get_offset(t->checkpoint);
	t->recipients = g_strdupv(
	        (char **)pli_checkpoint_get_recipients(t->checkpoint));
}

void
pli_transaction_find(PliTransaction *transaction, PliPostFunc done,
                     gpointer data)
{
	push(transaction, find, done, data);
}

gboolean
pli_transaction_is_busy(const PliTransaction *transaction)
{
	return g_error_matches(transaction->error, PLI_CHECKPOINT_ERROR,
	                       PLI_CHECKPOINT_ERROR_BUSY);
}

PliCheckpointState
pli_transaction_get_state(const PliTransaction *transaction)
{
	return transaction->state;
}

PliSmtpCheckpoint
pli_transaction_get_checkpoint(const PliTransaction *transaction)
{
	return (PliSmtpCheckpoint){
	        .offset = transaction->offset,
	        .recipients = (const char *const *)transaction->recipients,
	};
}

const GError *
pli_transaction_get_error(const PliTransaction *transaction)
{
	return transaction->error;
}

static void
remove_files(gpointer data)
{
	PliTransaction *t = data;

	pli_checkpoint_remove(t->checkpoint);
	t->has_file = FALSE;
}

void
pli_transaction_reset(PliTransaction *transaction)
{
	push(transaction, remove_files, NULL, NULL);
	transaction->state = PLI_CHECKPOINT_NONE;
	transaction->offset = transaction->octets = 0;
	g_clear_pointer(&transaction->recipients, g_strfreev);
}

void
pli_transaction_begin(PliTransaction *transaction,
                      const PliSmtpEnvelope *envelope)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	guint i;

	g_assert(transaction->state == PLI_CHECKPOINT_NONE);
	for (i = 0; i < envelope->n_recipients; i++) {
		const PliSmtpRcpt *rcpt = envelope->recipients[i];

		g_ptr_array_add(all,
		                g_strdup_printf("%s %s", rcpt->path->original,
		                                rcpt->parameters));
	}
	g_ptr_array_add(all, NULL);
	g_strfreev(transaction->recipients);
	transaction->recipients =
	        (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
}

static void
read_octets(gpointer data)
{
	PliTransaction *t = data;
	PliMessage *message = g_steal_pointer(&t->message);
	PliSlice octets = PLI_SLICE_NONE;

	do {
		if (!pli_checkpoint_next(t->checkpoint, &octets, &t->error))
			return;
		pli_message_append(message, octets);
	} while (octets.len > 0);
	message->resumed_octets = message->octets;
}

void
pli_transaction_read(PliTransaction *transaction, PliMessage *message,
                     PliPostFunc done, gpointer data)
{
	g_assert(transaction->state == PLI_CHECKPOINT_PART);
	transaction->message = message;
	push(transaction, read_octets, done, data);
}

/* Octets on their way to the file. */
typedef struct {
	PliTransaction *transaction;
	GByteArray *octets;
} Block;

static gboolean
write_octets(PliTransaction *t, PliSlice octets, GError **error)
{
	if (!t->has_file) {
		t->has_file = TRUE;
		if (!pli_checkpoint_begin(
		            t->checkpoint,
		            (const char *const *)t->recipients, get_now(),
		            error))
			return FALSE;
	}
	return pli_checkpoint_append(t->checkpoint, octets, error);
}

static void
write_block(gpointer data)
{
	Block *block = data;
	PliTransaction *t = block->transaction;
	g_autoptr(GError) error = NULL;
	PliSlice octets =
	        pli_slice_new(block->octets->data, block->octets->len);

	g_atomic_int_add(&t->queued, -(gint)octets.len);
	/* a gap must not be: after the first failure nothing is kept */
	if (!t->has_failed && !write_octets(t, octets, &error)) {
		t->has_failed = TRUE;
		remove_files(t);
	}
	g_byte_array_unref(block->octets);
	g_free(block);
}

static void
push_block(PliTransaction *transaction)
{
	Block *block;

	if (transaction->block->len == 0)
		return;
	block = g_new(Block, 1);
	*block = (Block){transaction, transaction->block};
	g_atomic_int_add(&transaction->queued, (gint)transaction->block->len);
	transaction->block = g_byte_array_new();
	pli_checkpointer_push(transaction->checkpointer, write_block, block,
	                      NULL, NULL);
}

static void
fail(gpointer data)
{
	PliTransaction *t = data;

	t->has_failed = TRUE;
	remove_files(t);
}

void
pli_transaction_append(PliTransaction *transaction, PliSlice octets)
{
	transaction->octets += octets.len;
	while (octets.len > 0 && !transaction->gave_up) {
		gsize n = MIN(octets.len, PLI_CHECKPOINT_BLOCK -
		                                  transaction->block->len);

		g_byte_array_append(transaction->block, octets.data, (guint)n);
		octets = pli_slice_skip(octets, n);
		if (transaction->block->len < PLI_CHECKPOINT_BLOCK)
			break;
		push_block(transaction);
		if (g_atomic_int_get(&transaction->queued) <= QUEUED_MAX)
			continue;
		transaction->gave_up = TRUE;
		push(transaction, fail, NULL, NULL);
	}
}

static void
sync_and_free(gpointer data)
{
	PliTransaction *t = data;

	/* who takes it up syncs it again, and tells what is there then */
	if (t->has_file && !t->has_failed)
		(void)pli_checkpoint_sync(t->checkpoint, NULL);
	transaction_free(t);
}

void
pli_transaction_leave(PliTransaction *transaction)
{
	if (transaction == NULL)
		return;
	if (!transaction->gave_up)
		push_block(transaction);
	push(transaction, sync_and_free, NULL, NULL);
}

static void
remove_and_free(gpointer data)
{
	remove_files(data);
	transaction_free(data);
}

void
pli_transaction_drop(PliTransaction *transaction)
{
	if (transaction == NULL)
		return;
	/* that it was accepted stays true */
	if (transaction->state == PLI_CHECKPOINT_DONE)
		pli_transaction_leave(transaction);
	else
		push(transaction, remove_and_free, NULL, NULL);
}

static void
set_done_and_free(gpointer data)
{
	PliTransaction *t = data;

	if (!pli_checkpoint_set_done(t->checkpoint,
	                             (const char *const *)t->recipients,
	                             t->octets, NULL))
		remove_files(t);
	transaction_free(t);
}

void
pli_transaction_finish(PliTransaction *transaction, PliPostFunc done,
                       gpointer data)
{
	push(transaction, set_done_and_free, done, data);
}
