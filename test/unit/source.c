/* Log-source maps: names, kinds, matching; first with small maps written here, then with those that
 * ship. */
#include "rules/source.h"

#include <dirent.h>
#include <time.h>

#include "check.h"
#include "wire/bundle.h"

static struct arena arena;
static struct buf bundle;
static struct source_map map;

static void load(const char *yaml) {
        arena_deinit(&arena);
        arena_init(&arena, (size_t)8 << 20);
        buf_reset(&bundle);
        bundle_add(&bundle, BUNDLE_LOGSOURCE, SPAN("a.yml"), span_str(yaml));
        check(source_map_parse(&map, &arena, buf_get(&bundle)) == 0);
}

static void load_shipped(void) {
        DIR *d = opendir(COLOA_CONTENT "/logsources");
        struct dirent *e;

        check(d != NULL);
        arena_deinit(&arena);
        arena_init(&arena, (size_t)8 << 20);
        buf_reset(&bundle);
        while ((e = readdir(d))) {
                static char data[1 << 20], path[4096];
                FILE *f;

                if (!span_ends(span_str(e->d_name), SPAN(".yml")))
                        continue;
                snprintf(path, sizeof(path), "%s/logsources/%s", COLOA_CONTENT, e->d_name);
                f = fopen(path, "rb");
                check(f != NULL);
                size_t n = fread(data, 1, sizeof(data), f);
                fclose(f);
                bundle_add(&bundle, BUNDLE_LOGSOURCE, span_str(e->d_name), span_of(data, n));
        }
        closedir(d);
        check(source_map_parse(&map, &arena, buf_get(&bundle)) == 0);
}

static uint32_t match(const char *category, const char *product, const char *service,
                      const struct source_alt **ret) {
        static const struct source_alt *alts[SOURCE_MATCH_MAX];
        struct logsource l = {.category = span_str(category),
                              .product = span_str(product),
                              .service = span_str(service)};
        uint32_t n = source_match(&map, &l, alts, SOURCE_MATCH_MAX, NULL);

        if (ret)
                *ret = n ? alts[0] : NULL;
        return n;
}

static void names(void) {
        load("aliases: {Image: [process.executable], Provider_Name: "
             "['Provider.#attributes.Name']}\n"
             "prefixes: [winlog.event_data., Event.System., Event.UserData.*., _source.]\n");
        check_int(map.n_diags, 0);
        check_span(source_canonical(&map, SPAN("process.executable")), "Image");
        check_span(source_canonical(&map, SPAN("Image")), "Image");
        check_span(source_canonical(&map, SPAN("winlog.event_data.Image")), "Image");
        check_span(source_canonical(&map, SPAN("_source.winlog.event_data.Hashes")), "Hashes");
        check_span(source_canonical(&map, SPAN("Event.System.Provider.#attributes.Name")),
                   "Provider_Name");
        check_span(source_canonical(&map, SPAN("Event.UserData.LogFileCleared.Who")), "Who");
        check_span(source_canonical(&map, SPAN("Event.UserData.Who")), "Event.UserData.Who");
        check_span(source_canonical(&map, SPAN("winlog.event_data.")), "winlog.event_data.");
        check_span(source_canonical(&map, SPAN("")), "");
}

static void a_name_for_two_is_told(void) {
        load("aliases: {A: [x], B: [x, y]}\n");
        check_int(map.n_diags, 1);
        check(strcmp(map.diags[0].code, "map-alias") == 0);
        check_int(map.n_aliases, 2);
}

static void alternatives(void) {
        const struct source_alt *a;

        load("define: &s [Sysmon/Operational, Other*]\n"
             "map:\n"
             "  - category: process_creation\n"
             "    product: windows\n"
             "    from:\n"
             "      - {kind: windows, key1: *s, key2: [3, 1, 2]}\n"
             "      - {kind: windows, key1: Security, key2: 4688, rename: {Image: [NewProcessName, "
             "x]},\n"
             "         where: {T: [Abc, null, 'de*', '*gh*']}, constant: {I: 'true'}}\n"
             "  - {product: windows, service: security, from: {kind: windows, key1: Security}}\n");
        check_int(map.n_diags, 0);
        check_int(match("process_creation", "windows", "", &a), 2);
        check_int(a->kind, EVENT_WINDOWS);
        check_int(a->n_key1, 2);
        check_span(a->key1[0].text, "sysmon/operational");
        check(!a->key1[0].prefix && a->key1[1].prefix);
        check_span(a->key1[1].text, "other");
        check_int(a->n_key2, 3);
        check(a->key2[0] == 1 && a->key2[1] == 2 && a->key2[2] == 3);
        a++;
        check_int(a->n_renames, 1);
        check_span(a->renames[0].to[1], "x");
        check_int(a->n_conds, 1);
        check_int(a->conds[0].n, 3);
        check(a->conds[0].values[2].inside && !a->conds[0].values[2].prefix);
        check_span(a->conds[0].values[2].text, "gh");
        check(a->conds[0].absent && a->conds[0].values[1].prefix);
        check_span(a->conds[0].values[0].text, "abc");
        check_span(a->consts[0].value, "true");
        check_int(a->line, 7);
}

static void names_in_alternatives_are_canonical(void) {
        const struct source_alt *a;

        load("map: [{category: x, from: {kind: json, rename: {A: [old.b]}, where: {old.c: 1}}}]\n"
             "aliases: {B: old.b}\nprefixes: [old.]\n");
        check_int(match("x", "", "", &a), 1);
        check_span(a->renames[0].to[0], "B");
        check_span(a->conds[0].field, "c");
}

static void matching_in_turn(void) {
        const struct source_alt *a;

        load("map:\n"
             "  - {category: pc, product: windows, from: [{kind: windows, key1: Sysmon, key2: 1}, "
             "{kind: windows, "
             "key1: Security, key2: 4688}]}\n"
             "  - {category: pc, product: linux, from: {kind: auditd}}\n"
             "  - {product: windows, service: sysmon, from: {kind: windows, key1: Sysmon}}\n"
             "  - {product: windows, service: dns, from: {kind: windows, key1: DNS}}\n"
             "  - {category: web, from: [{kind: web}, {kind: w3c}]}\n"
             "  - {category: gone, product: windows, why: nothing logs it}\n");
        check_int(match("pc", "windows", "", NULL), 2);
        check_int(match("pc", "", "", NULL), 3); /* any product */
        check_int(match("pc", "windows", "sysmon", &a), 1);
        check_int(a->key2[0], 1);
        check_int(match("pc", "windows", "dns", NULL), 0); /* no event is both */
        check_int(match("pc", "windows", "nonsense", NULL), 0);
        check_int(match("", "windows", "nonsense", NULL), 0); /* not all of Windows */
        check_int(match("", "windows", "", NULL), 4);         /* all that is known of it */
        check_int(match("web", "apache", "", NULL), 2);       /* a category of any product */
        check_int(match("pc", "solaris", "", NULL), 0);
        check_int(match("", "", "", NULL), 0);

        struct logsource l = {.category = SPAN("gone"), .product = SPAN("windows")};
        const struct source_alt *none[4];
        struct span why;
        check_int(source_match(&map, &l, none, 4, &why), 0);
        check_span(why, "nothing logs it");
}

static void kinds(void) {
        load("kinds:\n"
             "  - {kind: trail, has: [eventSource, eventName], key1: [eventSource, b], key2: n}\n"
             "  - {kind: trail, where: {t: x}, key1_is: ABC}\n"
             "  - {kind: other}\n"
             "key1_names: {trail: {S3: Storage}}\n");
        check_int(map.n_diags, 0);
        check_int(map.n_tests, 2);
        check_int(source_kind(&map, SPAN("trail")), EVENT_KIND_MAX);
        check_int(source_kind(&map, SPAN("other")), EVENT_KIND_MAX + 1);
        check_int(source_kind(&map, SPAN("windows")), EVENT_WINDOWS);
        check_int(source_kind(&map, SPAN("")), -1);
        check_int(map.tests[0].n_key1, 2);
        check_span(map.tests[1].key1_is, "abc");
        check_span(map.key1_names[0].to, "storage");
}

static void mistakes_are_told_and_cost_little(void) {
        static const struct {
                const char *yaml, *code;
                uint32_t line;
        } cases[] = {
                {"map: [{category: x, from: {kind: nope}}]\n", "map-kind", 1},
                {"map:\n  - {category: x, from: {kind: web, key2: a1}}\n", "map-number", 2},
                {"map:\n  - {category: x}\n", "map-entry", 2},
                {"map:\n  - {from: {kind: web}}\n", "map-entry", 2},
                {"map: [3]\n", "map-entry", 1},
                {"\nnonsense: 1\n", "map-key", 2},
                {"[a\n", "map-yaml", 2},
                {"- a\n", "map-file", 1},
                {"aliases: {A: {b: c}}\n", "map-text", 1},
                {"kinds: [{has: [a]}]\n", "map-kind", 1},
                {"map: [{category: x, from: {kind: web, wheer: 1}}]\n", "map-key", 1},
        };

        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                load(cases[i].yaml);
                check(map.n_diags >= 1);
                check_span(span_str(map.diags[0].code), cases[i].code);
                check_int(map.diags[0].line, cases[i].line);
                check_span(map.diags[0].file, "a.yml");
        }
        load("map:\n  - {category: a, from: [{kind: nope}, {kind: web}]}\n  - {category: b, from: "
             "{kind: w3c}}\n");
        check_int(match("a", "", "", NULL), 1);
        check_int(match("b", "", "", NULL), 1);
}

/* A small file that stands for 9^9 nodes. */
static void a_bomb_is_bounded(void) {
        static char yaml[4096];
        size_t n = 0;

        n += (size_t)snprintf(yaml + n, sizeof(yaml) - n, "define:\n  - &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (unsigned i = 1; i < 9; i++)
                n += (size_t)snprintf(yaml + n, sizeof(yaml) - n,
                                      "  - &a%u [*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u,*a%u]\n",
                                      i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
                                      i - 1);
        snprintf(yaml + n, sizeof(yaml) - n, "map: [{category: x, from: *a8}]\n");
        load(yaml);
        check(map.n_diags > 0 && map.n_diags <= 200);
}

static void no_memory_is_told(void) {
        struct source_map m;
        struct arena small;

        load("map: [{category: x, from: {kind: web}}]\n");
        arena_init(&small, 64);
        check(source_map_parse(&m, &small, buf_get(&bundle)) == -ENOMEM);
        arena_deinit(&small);
        check(source_map_parse(&m, &arena, SPAN("nonsense")) == -EBADMSG);
}

static void shipped_maps_are_sound(void) {
        const struct source_alt *a;
        struct timespec t0, t1;

        load_shipped();
        for (uint32_t i = 0; i < map.n_diags; i++)
                printf("# %.*s:%u: %s: %.*s\n", (int)map.diags[i].file.len, map.diags[i].file.p,
                       map.diags[i].line, map.diags[i].code, (int)map.diags[i].en.len,
                       map.diags[i].en.p);
        check_int(map.n_diags, 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
        load_shipped();
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
        printf("# read in %.2f ms: %u aliases, %u prefixes, %u kinds, %u tests, %u entries, %zu "
               "KiB\n",
               (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6,
               map.n_aliases, map.n_prefixes, map.n_kinds, map.n_tests, map.n_entries,
               arena.used >> 10);

        check_int(match("process_creation", "windows", "", &a), 4);
        check_span(a->key1[0].text, "microsoft-windows-sysmon/operational");
        check_int(a->key2[0], 1);
        check_int(match("process_creation", "windows", "sysmon", &a), 1);
        check_int(match("registry_add", "windows", "", &a), 1);
        check_span(a->conds[0].values[0].text, "createkey");
        check_span(source_canonical(&map, SPAN("Event.System.EventID.#text")), "EventID");
        check_span(source_canonical(&map, SPAN("winlog.channel")), "Channel");
        check_span(source_canonical(&map, SPAN("SourceName")), "Provider_Name");
        check_span(source_canonical(&map, SPAN("@timestamp")), "@timestamp");
}

int main(void) {
        RUN(names);
        RUN(a_name_for_two_is_told);
        RUN(alternatives);
        RUN(names_in_alternatives_are_canonical);
        RUN(matching_in_turn);
        RUN(kinds);
        RUN(mistakes_are_told_and_cost_little);
        RUN(a_bomb_is_bounded);
        RUN(no_memory_is_told);
        RUN(shipped_maps_are_sound);
        arena_deinit(&arena);
        buf_deinit(&bundle);
        return check_done();
}
