/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETUP_TYPE "(ss" PLI_TLS_MATERIAL_TYPE ")"
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

PliSetup *
pli_setup_new(const char *file, char *text, gsize len, GPtrArray *errors)
{
	g_autoptr(PliSetup) setup = g_new0(PliSetup, 1);

	setup->file = g_strdup(file);
	setup->text = text;
	setup->config =
		pli_config_parse(pli_slice_new(text, len), file, errors);
	setup->tls = pli_tls_material_new();
	return setup->config != NULL ? g_steal_pointer(&setup) : NULL;
}

void
pli_setup_free(PliSetup *setup)
{
	if (setup == NULL)
		return;
	g_free(setup->file);
	if (setup->text != NULL)
		explicit_bzero(setup->text, strlen(setup->text));
	g_free(setup->text);
	pli_config_free(setup->config);
	pli_tls_material_free(setup->tls);
	g_free(setup);
}

gboolean
pli_setup_load_tls(PliSetup *setup, GError **error)
{
	const PliConfig *config = setup->config;
	g_autoptr(GError) fault = NULL;

	for (guint i = 0; i < config->certificates->len; i++) {
		const PliConfigCertificate *certificate =
			g_ptr_array_index(config->certificates, i);
		const PliTlsFiles files = {certificate->certificate,
					   certificate->key};

		if (!pli_tls_material_add(setup->tls, &files, error))
			return FALSE;
	}
	if (*config->client_ca != '\0' &&
	    !pli_tls_material_set_client_ca(setup->tls, config->client_ca,
					    error))
		return FALSE;
	pli_tls_unref(pli_tls_new_from_material(setup->tls, &fault));
	if (fault == NULL)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&fault));
	return FALSE;
}

char *
pli_setup_dup_warning(const PliSetup *setup)
{
	g_autoptr(PliTls) tls = pli_tls_new_from_material(setup->tls, NULL);

	return tls != NULL ? pli_tls_dup_warning(tls) : NULL;
}

static gboolean
fail(GError **error, const char *what)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "cannot %s: %s", what, g_strerror(errno));
	return FALSE;
}

static gboolean
write_all(int fd, const guint8 *octets, gsize len, GError **error)
{
	while (len > 0) {
		gssize n = write(fd, octets, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(error, "write a file in memory");
		octets += n;
		len -= n;
	}
	return fcntl(fd, F_ADD_SEALS, SEALS) == 0 ||
	       fail(error, "seal a file in memory");
}

int
pli_setup_send(const PliSetup *setup, gboolean with_keys, GError **error)
{
	g_autoptr(PliTlsMaterial) none = pli_tls_material_new();
	const PliTlsMaterial *tls = with_keys ? setup->tls : none;
	g_autoptr(GVariant) message = g_variant_ref_sink(
		g_variant_new("(ss@" PLI_TLS_MATERIAL_TYPE ")", setup->file,
			      setup->text, pli_tls_material_format(tls)));
	gsize len = g_variant_get_size(message);
	guint8 *octets = g_malloc(len);
	int fd = memfd_create("pli-setup", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	g_variant_store(message, octets);
	if (fd < 0) {
		fail(error, "make a file in memory");
	} else if (!write_all(fd, octets, len, error)) {
		close(fd);
		fd = -1;
	}
	explicit_bzero(octets, len);
	g_free(octets);
	return fd;
}

static PliSetup *
parse(gconstpointer octets, gsize len)
{
	g_autoptr(PliSetup) setup = g_new0(PliSetup, 1);
	g_autoptr(GPtrArray) errors = pli_config_errors_new();
	g_autoptr(GVariant) tls = NULL;
	g_autoptr(GVariant) message = g_variant_ref_sink(
		g_variant_new_from_data(G_VARIANT_TYPE(SETUP_TYPE), octets,
					len, FALSE, NULL, NULL));

	if (!g_variant_is_normal_form(message))
		return NULL;
	g_variant_get(message, "(ss@" PLI_TLS_MATERIAL_TYPE ")", &setup->file,
		      &setup->text, &tls);
	setup->tls = pli_tls_material_parse(tls);
	setup->config = pli_config_parse(pli_slice_from_string(setup->text),
					 setup->file, errors);
	return setup->tls != NULL && setup->config != NULL
		       ? g_steal_pointer(&setup)
		       : NULL;
}

PliSetup *
pli_setup_receive(int fd, GError **error)
{
	PliSetup *setup;
	struct stat st;
	gpointer octets;

	if (fstat(fd, &st) < 0 || st.st_size <= 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "a file in memory was expected from the master");
		return NULL;
	}
	octets = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (octets == MAP_FAILED) {
		fail(error, "read a file in memory");
		return NULL;
	}
	setup = parse(octets, st.st_size);
	munmap(octets, st.st_size);
	if (setup == NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "a configuration was expected from the master; "
			    "something else came");
	return setup;
}
