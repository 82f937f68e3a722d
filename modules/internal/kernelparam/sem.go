// SPDX-License-Identifier: GPL-3.0-or-later

package kernelparam

import (
	"fmt"
	"strconv"
	"strings"
)

// The limits on System V semaphores, as a file and as sysctl names them.
const (
	SemFile = "/proc/sys/kernel/sem"
	SemKey  = "kernel.sem"
	// MaxSemSets is how many sets the kernel takes (IPCMNI,
	// include/linux/ipc_namespace.h).
	MaxSemSets = 32768
)

// Sem has the four numbers of kernel.sem (proc(5)): semaphores of a set, of all
// sets, operations of one call, and [SemSets].
type Sem [4]int

// SemSets is the place of the number of sets.
const SemSets = 3

// ParseSem reads them as the kernel and sysctl.d write them; ok is false for
// anything else.
func ParseSem(text string) (sem Sem, ok bool) {
	words := strings.Fields(text)
	if len(words) != len(sem) {
		return Sem{}, false
	}
	for i, word := range words {
		var err error
		if sem[i], err = strconv.Atoi(word); err != nil || sem[i] < 0 {
			return Sem{}, false
		}
	}
	return sem, true
}

// String writes them as the kernel takes them.
func (s Sem) String() string { return strings.Trim(fmt.Sprint([4]int(s)), "[]") }
