/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/reload.h"

#include "daemon/notify.h"

struct PliReload {
	const PliReloadHandler *handler;
	gpointer data;
	PliSetup *const *current;
	const PliLog *log;
	PliSetup *next;	    /* NULL: none goes on */
	GPtrArray *awaited; /* PliProcess */
	gboolean to_workers, again, faulty;
};

PliReload *
pli_reload_new(const PliReloadHandler *handler, gpointer data,
	       PliSetup *const *setup, const PliLog *log)
{
	PliReload *reload = g_new0(PliReload, 1);

	reload->handler = handler;
	reload->data = data;
	reload->current = setup;
	reload->log = log;
	reload->awaited = g_ptr_array_new();
	return reload;
}

void
pli_reload_free(PliReload *reload)
{
	if (reload == NULL)
		return;
	pli_setup_free(reload->next);
	g_ptr_array_unref(reload->awaited);
	g_free(reload);
}

static gboolean
is_same_listener(const PliConfigListener *a, const PliConfigListener *b)
{
	return g_str_equal(a->group.name, b->group.name) &&
	       a->protocol == b->protocol && a->tls == b->tls &&
	       g_str_equal(a->address, b->address) &&
	       pli_config_listener_get_port(a) ==
		       pli_config_listener_get_port(b);
}

static gboolean
has_listener(const PliConfig *config, const PliConfigListener *wanted)
{
	for (guint i = 0; i < config->listeners->len; i++)
		if (is_same_listener(g_ptr_array_index(config->listeners, i),
				     wanted))
			return TRUE;
	return FALSE;
}

/* The checkpointer counts by what it began with. */
static gboolean
has_other_checkpoints(const PliConfig *old, const PliConfig *new)
{
	return old->checkpoint_messages != new->checkpoint_messages ||
	       old->checkpoint_client_messages !=
		       new->checkpoint_client_messages ||
	       old->checkpoint_octets != new->checkpoint_octets ||
	       old->checkpoint_client_octets !=
		       new->checkpoint_client_octets ||
	       old->checkpoint_hours != new->checkpoint_hours;
}

/* What takes a restart, to be freed; NULL: nothing does. */
static char *
find_restart(const PliConfig *old, const PliConfig *new)
{
	const struct {
		const char *key;
		gboolean differs;
	} rows[] = {
		{"[server] root", g_strcmp0(old->root, new->root) != 0},
		{"[server] user", g_strcmp0(old->user, new->user) != 0},
		{"[server] workers", old->workers != new->workers},
		{"[server] sandbox", old->sandbox != new->sandbox},
		{"[server] log", old->log != new->log},
		/* the sandbox of the workers was made for it */
		{"[dns] resolver",
		 g_strcmp0(old->resolver, new->resolver) != 0},
		{"[dns] trust_anchor",
		 g_strcmp0(old->trust_anchor, new->trust_anchor) != 0},
		{"[policy] what the DNS is asked for",
		 !pli_config_asks_dns(old) && pli_config_asks_dns(new)},
		{"[accounts] pam_service", g_strcmp0(old->pam_service,
						     new->pam_service) != 0},
		{"[accounts] pam_directory",
		 g_strcmp0(old->pam_directory, new->pam_directory) != 0},
		{"[metrics] address", g_strcmp0(old->metrics_address,
						new->metrics_address) != 0},
		{"[metrics] port", old->metrics_port != new->metrics_port},
		{"[smtp] checkpoint", old->checkpoint != new->checkpoint},
		{"[limits] checkpoint_...", has_other_checkpoints(old, new)},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].differs)
			return g_strdup_printf("%s is another one now, which "
					       "takes a restart",
					       rows[i].key);
	for (guint i = 0; i < old->listeners->len; i++) {
		const PliConfigListener *l =
			g_ptr_array_index(old->listeners, i);

		if (!has_listener(new, l))
			return g_strdup_printf("[listener %s] is another one "
					       "now, which takes a restart",
					       l->group.name);
	}
	return NULL;
}

/* Each error in the log; NULL: there was one. */
static PliSetup *
read_again(const PliReload *reload)
{
	const char *file = (*reload->current)->file;
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	g_autoptr(PliSetup) setup = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *restart = NULL;
	char *text;
	gsize len;

	if (g_file_get_contents(file, &text, &len, &error))
		setup = pli_setup_new(file, text, len, errors);
	for (guint i = 0; i < errors->len; i++) {
		g_autofree char *line = pli_config_error_format(
			g_ptr_array_index(errors, i));

		pli_log_error(reload->log, "reload", line);
	}
	if (setup != NULL)
		restart = find_restart((*reload->current)->config,
				       setup->config);
	if (restart != NULL)
		pli_log_error(reload->log, "reload", restart);
	else if (setup != NULL && pli_setup_load_tls(setup, &error))
		return g_steal_pointer(&setup);
	if (error != NULL)
		pli_log_error(reload->log, "reload", error->message);
	return NULL;
}

static void
end(PliReload *reload)
{
	pli_notify_send(PLI_NOTIFY_READY);
	if (!reload->again)
		return;
	reload->again = FALSE;
	pli_reload_begin(reload);
}

/* The next ones, when all that were sent it have answered. */
static void
go_on(PliReload *reload)
{
	if (reload->next == NULL || reload->awaited->len > 0)
		return;
	if (!reload->faulty && !reload->to_workers) {
		reload->to_workers = TRUE;
		reload->handler->send(reload->data, reload->next, FALSE);
		if (reload->awaited->len > 0)
			return;
	}
	if (reload->faulty) {
		g_clear_pointer(&reload->next, pli_setup_free);
	} else {
		reload->handler->take(reload->data,
				      g_steal_pointer(&reload->next));
		pli_log_notice(reload->log, "reloaded");
	}
	end(reload);
}

void
pli_reload_begin(PliReload *reload)
{
	if (reload->next != NULL) {
		reload->again = TRUE;
		return;
	}
	pli_notify_send(PLI_NOTIFY_RELOADING);
	reload->to_workers = reload->faulty = FALSE;
	reload->next = read_again(reload);
	if (reload->next == NULL) {
		pli_notify_send(PLI_NOTIFY_READY);
		return;
	}
	reload->handler->send(reload->data, reload->next, TRUE);
	go_on(reload);
}

void
pli_reload_await(PliReload *reload, const PliProcess *process)
{
	g_ptr_array_add(reload->awaited, (gpointer)process);
}

void
pli_reload_take_answer(PliReload *reload, const PliProcess *process,
		       const char *fault)
{
	if (!g_ptr_array_remove_fast(reload->awaited, (gpointer)process))
		return;
	if (*fault != '\0') {
		reload->faulty = TRUE;
		pli_log_error(reload->log, "reload", fault);
	}
	go_on(reload);
}
