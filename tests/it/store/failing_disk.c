/* Lets a disk fail: calls on files whose path holds $FAULTS_ON fail as the file $FAULTS says, while it is there. It holds the number of an
   error and the calls that fail with it, of "write", "half" (a write that does half and then fails), "sync", "truncate" and "read". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The error of a call on this file; 0: it goes on as ever. */
static int fails(int fd, const char *call) {
    const char *control = getenv("FAULTS"), *on = getenv("FAULTS_ON");
    if (!control || !on) return 0;
    int kept = errno, error = 0;
    int file = (int)syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);
    if (file >= 0) {
        char text[128], link[64], path[4096];
        ssize_t said = syscall(SYS_read, file, text, sizeof text - 1);
        syscall(SYS_close, file);
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (said > 0 && length > 0) {
            text[said] = path[length] = 0;
            if (strstr(path, on) && strstr(text, call)) error = atoi(text);
        }
    }
    errno = kept;
    return error;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(fd, call) do { int error = fails(fd, call); if (error) { errno = error; return -1; } } while (0)
/* Down to a sector, half of what is to be written is; then nothing more. */
#define HALF(fd, n) do { int error = fails(fd, "half"); \
    if (error && (n) <= 512) { errno = error; return -1; } \
    if (error) n /= 2; } while (0)

ssize_t write(int fd, const void *from, size_t n) {
    if (fd > 2) { FAIL(fd, "write"); HALF(fd, n); }
    return REAL(write)(fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at) {
    FAIL(fd, "write");
    HALF(fd, n);
    return REAL(pwrite)(fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at) {
    FAIL(fd, "write");
    HALF(fd, n);
    return REAL(pwrite64)(fd, from, n, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at) {
    FAIL(fd, "read");
    return REAL(pread)(fd, to, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at) {
    FAIL(fd, "read");
    return REAL(pread64)(fd, to, n, at);
}

int fsync(int fd) {
    FAIL(fd, "sync");
    return REAL(fsync)(fd);
}

int fdatasync(int fd) {
    FAIL(fd, "sync");
    return REAL(fdatasync)(fd);
}

int ftruncate(int fd, off_t length) {
    FAIL(fd, "truncate");
    return REAL(ftruncate)(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    FAIL(fd, "truncate");
    return REAL(ftruncate64)(fd, length);
}
