/* Cheap SNMP 2c agents for a bench: one socket answers for every address of 127.0.0.0/8, each with the same IF-MIB.
 *
 * agents PORT INTERFACES
 *
 * Answers GET, GETNEXT and GETBULK to any community; octet counters grow with time. Each address is a device. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { INTEGER = 0x02, STRING = 0x04, NIL = 0x05, OID = 0x06, SEQUENCE = 0x30 };
enum { COUNTER32 = 0x41, GAUGE32 = 0x42, TICKS = 0x43, COUNTER64 = 0x46, NO_SUCH_INSTANCE = 0x81, END_OF_MIB = 0x82 };
enum { GET = 0xA0, GETNEXT = 0xA1, RESPONSE = 0xA2, GETBULK = 0xA5 };
enum { MOST_ARCS = 16, MOST_OBJECTS = 8192, MOST_ASKED = 128, LARGEST = 65000, LARGEST_ANSWER = 8192 };

typedef struct {
    uint32_t arcs[MOST_ARCS];
    int count;
} name_t;

typedef struct {
    name_t name;
    uint8_t tag;
    char text[32];
    uint64_t number, per_second;
} object_t;

static object_t objects[MOST_OBJECTS];
static int object_count;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int compare_names(const name_t *a, const name_t *b) {
    for (int i = 0; i < a->count && i < b->count; i++)
        if (a->arcs[i] != b->arcs[i]) return a->arcs[i] < b->arcs[i] ? -1 : 1;
    return a->count - b->count;
}

static int compare_objects(const void *a, const void *b) {
    return compare_names(&((const object_t *)a)->name, &((const object_t *)b)->name);
}

static name_t parse_name(const char *dotted) {
    name_t name = {{0}, 0};
    for (char *at = (char *)dotted; *at; at += *at == '.') name.arcs[name.count++] = strtoul(at, &at, 10);
    return name;
}

static void add(const char *dotted, uint8_t tag, const char *text, uint64_t number, uint64_t per_second) {
    object_t *o = &objects[object_count++];
    o->name = parse_name(dotted);
    o->tag = tag;
    snprintf(o->text, sizeof o->text, "%s", text);
    o->number = number;
    o->per_second = per_second;
}

static void add_interface(int index) {
    static const struct { int column; uint8_t tag; uint64_t number, rate; } plain[] = {
        {1, INTEGER, 0, 0}, {3, INTEGER, 6, 0}, {4, INTEGER, 1500, 0}, {5, GAUGE32, 1000000000, 0},
        {7, INTEGER, 1, 0}, {8, INTEGER, 1, 0}, {9, TICKS, 100, 0}, {10, COUNTER32, 1, 1250000},
        {11, COUNTER32, 1, 1000}, {12, COUNTER32, 0, 0}, {13, COUNTER32, 0, 1}, {14, COUNTER32, 0, 1},
        {15, COUNTER32, 0, 0}, {16, COUNTER32, 1, 250000}, {17, COUNTER32, 1, 500}, {18, COUNTER32, 0, 0},
        {19, COUNTER32, 0, 1}, {20, COUNTER32, 0, 1}, {21, GAUGE32, 0, 0},
    }, extended[] = {
        {2, COUNTER32, 1, 2}, {3, COUNTER32, 1, 2}, {4, COUNTER32, 1, 2}, {5, COUNTER32, 1, 2},
        {6, COUNTER64, 1ull << 40, 1250000}, {7, COUNTER64, 1, 1000}, {8, COUNTER64, 1, 2}, {9, COUNTER64, 1, 2},
        {10, COUNTER64, 1ull << 40, 250000}, {11, COUNTER64, 1, 500}, {12, COUNTER64, 1, 2}, {13, COUNTER64, 1, 2},
        {14, INTEGER, 1, 0}, {15, GAUGE32, 1000, 0}, {16, INTEGER, 2, 0}, {17, INTEGER, 1, 0}, {19, TICKS, 0, 0},
    };
    char dotted[64], text[32];
    for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) {
        snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.2.2.1.%d.%d", plain[i].column, index);
        add(dotted, plain[i].tag, "", plain[i].column == 1 ? (uint64_t)index : plain[i].number, plain[i].rate);
    }
    for (unsigned i = 0; i < sizeof extended / sizeof *extended; i++) {
        snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.31.1.1.1.%d.%d", extended[i].column, index);
        add(dotted, extended[i].tag, "", extended[i].number, extended[i].rate);
    }
    snprintf(text, sizeof text, "GigabitEthernet1/0/%d", index);
    snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.2.2.1.2.%d", index);
    add(dotted, STRING, text, 0, 0);
    snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.2.2.1.6.%d", index);
    add(dotted, STRING, "sixoct", 0, 0);
    snprintf(text, sizeof text, "Gi1/0/%d", index);
    snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.31.1.1.1.1.%d", index);
    add(dotted, STRING, text, 0, 0);
    snprintf(dotted, sizeof dotted, "1.3.6.1.2.1.31.1.1.1.18.%d", index);
    add(dotted, STRING, "to the cellar", 0, 0);
}

/* Reading: a position in a message; every reader leaves `bad` set rather than leave the message. */
typedef struct {
    const uint8_t *at, *end;
    int bad;
} reader_t;

static reader_t take(reader_t *r, int *tag) {
    reader_t none = {r->end, r->end, 1};
    if (r->end - r->at < 2) { r->bad = 1; return none; }
    *tag = *r->at++;
    size_t length = *r->at++;
    if (length & 0x80) {
        int size = length & 0x7F;
        if (size > 2 || r->end - r->at < size) { r->bad = 1; return none; }
        for (length = 0; size--;) length = length << 8 | *r->at++;
    }
    if ((size_t)(r->end - r->at) < length) { r->bad = 1; return none; }
    reader_t inner = {r->at, r->at + length, 0};
    r->at += length;
    return inner;
}

static long take_number(reader_t *r) {
    int tag;
    reader_t content = take(r, &tag);
    long number = 0;
    while (content.at < content.end) number = number << 8 | *content.at++;
    return number;
}

static name_t take_name(reader_t *r) {
    int tag;
    reader_t content = take(r, &tag);
    name_t name = {{0}, 0};
    uint32_t arc = 0;
    while (content.at < content.end) {
        arc = arc << 7 | (*content.at & 0x7F);
        if (*content.at++ & 0x80) continue;
        if (!name.count) name.arcs[name.count++] = 1, arc -= 40;
        if (name.count == MOST_ARCS) { r->bad = 1; return name; }
        name.arcs[name.count++] = arc;
        arc = 0;
    }
    return name;
}

/* Writing goes backwards, so that each length is known when it is written. */
typedef struct {
    uint8_t *begin, *at;
} writer_t;

static void put_head(writer_t *w, uint8_t tag, size_t length) {
    if (length < 0x80) *--w->at = length;
    else if (length < 0x100) *--w->at = length, *--w->at = 0x81;
    else *--w->at = length, *--w->at = length >> 8, *--w->at = 0x82;
    *--w->at = tag;
}

static void put_bytes(writer_t *w, uint8_t tag, const void *bytes, size_t length) {
    w->at -= length;
    memcpy(w->at, bytes, length);
    put_head(w, tag, length);
}

static void put_number(writer_t *w, uint8_t tag, uint64_t number) {
    uint8_t *end = w->at;
    do *--w->at = number, number >>= 8; while (number);
    if (*w->at & 0x80) *--w->at = 0;
    put_head(w, tag, end - w->at);
}

static void put_name(writer_t *w, const name_t *name) {
    uint8_t *end = w->at;
    for (int i = name->count - 1; i >= 2; i--) {
        uint32_t arc = name->arcs[i];
        *--w->at = arc & 0x7F;
        while (arc >>= 7) *--w->at = (arc & 0x7F) | 0x80;
    }
    *--w->at = name->arcs[0] * 40 + name->arcs[1];
    put_head(w, OID, end - w->at);
}

static void put_object(writer_t *w, const name_t *name, const object_t *o, uint8_t absent, double seconds) {
    uint8_t *end = w->at;
    if (!o) put_bytes(w, absent, "", 0);
    else if (o->tag == STRING) put_bytes(w, STRING, o->text, strlen(o->text));
    else if (o->tag == OID) { name_t value = parse_name(o->text); put_name(w, &value); }
    else {
        uint64_t number = o->number + (uint64_t)(o->per_second * seconds);
        put_number(w, o->tag, o->tag == COUNTER64 ? number : number & 0xFFFFFFFF);
    }
    put_name(w, name);
    put_head(w, SEQUENCE, end - w->at);
}

static int first_not_before(const name_t *name, int after) {
    int low = 0, high = object_count;
    while (low < high) {
        int middle = (low + high) / 2, order = compare_names(&objects[middle].name, name);
        if (order < 0 || (after && order == 0)) low = middle + 1;
        else high = middle;
    }
    return low;
}

static size_t answer(const uint8_t *message, size_t length, uint8_t *space, uint8_t **begin, double seconds) {
    static name_t asked[MOST_ASKED];
    int tag, kind, count = 0;
    reader_t whole = {message, message + length, 0}, body = take(&whole, &tag);
    take_number(&body);
    reader_t community = take(&body, &tag), pdu = take(&body, &kind);
    long id = take_number(&pdu), plain = take_number(&pdu), repetitions = take_number(&pdu);
    reader_t varbinds = take(&pdu, &tag);
    (void)plain;
    while (varbinds.at < varbinds.end && count < MOST_ASKED && !varbinds.bad) {
        reader_t varbind = take(&varbinds, &tag);
        asked[count] = take_name(&varbind);
        if (varbind.bad) return 0;
        count++;
    }
    if (whole.bad || body.bad || pdu.bad || varbinds.bad || !count) return 0;
    writer_t w = {space, space + LARGEST};
    uint8_t *end = w.at;
    if (kind == GETBULK) {
        int from = first_not_before(&asked[0], 1), until = from + repetitions;
        if (until > object_count) put_object(&w, &objects[object_count - 1].name, NULL, END_OF_MIB, seconds), until = object_count;
        if (until - from > LARGEST_ANSWER / 64) until = from + LARGEST_ANSWER / 64;
        for (int i = until - 1; i >= from; i--) put_object(&w, &objects[i].name, &objects[i], 0, seconds);
    } else
        for (int i = count - 1; i >= 0; i--) {
            int at = first_not_before(&asked[i], kind == GETNEXT);
            int is_there = at < object_count && (kind == GETNEXT || !compare_names(&objects[at].name, &asked[i]));
            uint8_t absent = kind == GETNEXT ? END_OF_MIB : NO_SUCH_INSTANCE;
            put_object(&w, is_there ? &objects[at].name : &asked[i], is_there ? &objects[at] : NULL, absent, seconds);
        }
    put_head(&w, SEQUENCE, end - w.at);
    put_number(&w, INTEGER, 0);
    put_number(&w, INTEGER, 0);
    put_number(&w, INTEGER, id);
    put_head(&w, RESPONSE, end - w.at);
    put_bytes(&w, STRING, community.at, community.end - community.at);
    put_number(&w, INTEGER, 1);
    put_head(&w, SEQUENCE, end - w.at);
    *begin = w.at;
    return end - w.at;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "agents PORT INTERFACES\n"), 2;
    int socket_ = socket(AF_INET, SOCK_DGRAM, 0), on = 1, buffer = 8 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    setsockopt(socket_, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if (bind(socket_, (struct sockaddr *)&here, sizeof here)) return perror("bind"), 1;
    add("1.3.6.1.2.1.1.1.0", STRING, "Bench agent", 0, 0);
    add("1.3.6.1.2.1.1.2.0", OID, "1.3.6.1.4.1.8072.3.2.10", 0, 0);
    add("1.3.6.1.2.1.1.3.0", TICKS, "", 100000, 100);
    add("1.3.6.1.2.1.1.5.0", STRING, "bench", 0, 0);
    add("1.3.6.1.2.1.2.1.0", INTEGER, "", atoi(argv[2]), 0);
    for (int i = 1; i <= atoi(argv[2]); i++) add_interface(i);
    qsort(objects, object_count, sizeof *objects, compare_objects);
    puts("ready");
    fflush(stdout);
    double started = now();
    static uint8_t message[LARGEST], space[LARGEST];
    for (;;) {
        struct sockaddr_in peer;
        char control[256];
        struct iovec part = {message, sizeof message};
        struct msghdr head = {.msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &part, .msg_iovlen = 1,
                              .msg_control = control, .msg_controllen = sizeof control};
        ssize_t length = recvmsg(socket_, &head, 0);
        if (length < 0) continue;
        /* Only loopback: an answer goes nowhere else. The control message says which address was asked, and answers from it. */
        if ((ntohl(peer.sin_addr.s_addr) >> 24) != 127) continue;
        uint8_t *begin;
        size_t size = answer(message, length, space, &begin, now() - started);
        if (!size) continue;
        struct cmsghdr *info = CMSG_FIRSTHDR(&head);
        if (info && info->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *asked = (struct in_pktinfo *)CMSG_DATA(info);
            asked->ipi_spec_dst = asked->ipi_addr;
            asked->ipi_ifindex = 0;
        }
        part.iov_base = begin;
        part.iov_len = size;
        sendmsg(socket_, &head, 0);
    }
}
