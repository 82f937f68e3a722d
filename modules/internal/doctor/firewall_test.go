// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"testing"

	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/lvm"
	"hardened.docker/modules/internal/netfilter"
)

// forward is FORWARD of engine 20.10 with icc false, and a rule ahead of the
// DROP.
func forward(t *testing.T, extra string) netfilter.View {
	t.Helper()
	text := "*filter\n:FORWARD ACCEPT [0:0]\n:DOCKER-USER - [0:0]\n" + extra + "-A FORWARD -i docker0 -o docker0 -j DROP\n-A DOCKER-USER -j RETURN\nCOMMIT\n"
	rules, err := netfilter.ParseSave(text)
	if err != nil {
		t.Fatal(err)
	}
	v := netfilter.View{Running: true, Manages: true}
	v.State.Backend, v.State.IPv4, v.State.Tool = netfilter.IPTablesNFT, rules, "iptables"
	v.Wanted.Bridges = []netfilter.Bridge{{Name: "docker0", Networks: []string{"172.17.0.0/16"}, Default: true}}
	return v
}

func TestFirewall(t *testing.T) {
	examineFaults(t, []fault{
		{"nothing ahead", func(s *Snapshot) { s.Firewall = forward(t, "") }, nil},
		{"ICMP ahead", func(s *Snapshot) { s.Firewall = forward(t, "-A FORWARD -p icmp -j ACCEPT\n") }, []string{"icmp_before_drop:error"}},
		{"ICMP ahead, but containers may talk", func(s *Snapshot) {
			s.Firewall = forward(t, "-A FORWARD -p icmp -j ACCEPT\n")
			s.Firewall.Wanted.Bridges[0].ICC = true
		}, nil},
		{"chains lost", func(s *Snapshot) {
			s.Firewall = forward(t, "")
			s.Firewall.Lost.Chains = []string{"nat PREROUTING does not lead to DOCKER"}
		}, []string{"missing_chains:error"}},
		{"details lost", func(s *Snapshot) {
			s.Firewall = forward(t, "")
			s.Firewall.Lost.Details = []string{"filter FORWARD does not lead to DOCKER-USER"}
		}, []string{"missing_chains:warning"}},
		{"engine without rules", func(s *Snapshot) {
			s.Firewall = forward(t, "-A FORWARD -p icmp -j ACCEPT\n")
			s.Firewall.Manages = false
		}, nil},
	})
}

func TestAuditCost(t *testing.T) {
	watch := func(path string, p audit.Perm) []audit.Rule {
		return []audit.Rule{{IsWatch: true, Watch: audit.Watch{Path: path, Perm: p}}}
	}
	examineFaults(t, []fault{
		{"all access to the data-root", func(s *Snapshot) { s.Audit = watch("/var/lib/docker", audit.Any) }, []string{"audit_cost:warning"}},
		{"writes below it", func(s *Snapshot) { s.Audit = watch("/var/lib/docker/containers", audit.Write|audit.Attribute) }, []string{"audit_cost:info"}},
		{"what is above it", func(s *Snapshot) { s.Audit = watch("/var/lib", audit.Any) }, []string{"audit_cost:warning"}},
		{"configuration", func(s *Snapshot) { s.Audit = watch("/etc/docker", audit.Write) }, nil},
		{"no audit", func(s *Snapshot) { s.NoAudit = "this host is a container" }, nil},
	})
}

// devicemapper as the guide wants it: a thin pool of LVM that grows.
func (s *Snapshot) devicemapper(t *testing.T, profile string) {
	t.Helper()
	s.Info.Driver, s.Engine.Major, s.Engine.Minor = "devicemapper", 20, 10
	s.State.Drivers, s.Info.DriverStatus = nil, nil
	s.State.Containers[0].Driver = "devicemapper"
	s.configure(`{"live-restore": true, "icc": false, "storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool", "dm.use_deferred_removal=true", "dm.use_deferred_deletion=true", "dm.fs=ext4"]}`)
	config, err := lvm.ParseConfig(profile)
	if err != nil {
		t.Fatal(err)
	}
	s.Profiles = map[string]lvm.Config{"docker-thinpool": config}
	s.LVM = lvm.State{Groups: []lvm.Group{{Name: "docker", Free: 100}}, Volumes: []lvm.Volume{{Group: "docker", Name: "thinpool", Type: "thin-pool", Profile: "docker-thinpool", Monitor: "monitored", Active: true}}}
}

func TestDevicemapper(t *testing.T) {
	const grows = "activation {\n thin_pool_autoextend_threshold=80\n thin_pool_autoextend_percent=20\n}\n"
	driver := "storage_driver:warning"
	examineFaults(t, []fault{
		{"as the guide wants it", func(s *Snapshot) { s.devicemapper(t, grows) }, []string{driver}},
		{"others have all semaphores", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.System.Sem[kernelparam.SemSets], s.SetsTaken = 128, 128
		}, []string{"residual_semaphores:error", driver}},
		{"which keeps the daemon from starting", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.down("failed to start daemon: error initializing graphdriver: devmapper: Base Device UUID and Filesystem verification failed: devicemapper: Can't set cookie dm_task_set_cookie failed")
			s.System.Sem[kernelparam.SemSets], s.SetsTaken = 128, 128
		}, []string{"residual_semaphores:error", driver}},
		{"on loop devices", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.Info.DriverStatus = [][2]string{{"Data loop file", "/var/lib/docker/devicemapper/devicemapper/data"}}
		}, []string{"devicemapper_loop:error", driver}},
		{"removal not put off", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.configure(`{"live-restore": true, "icc": false, "storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool", "dm.use_deferred_removal=true", "dm.fs=ext4"]}`)
		}, []string{"devicemapper_deferred:warning", driver}},
		{"removal put off by the engine's own choice", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.configure(`{"live-restore": true, "icc": false, "storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool", "dm.fs=ext4"]}`)
			s.Info.DriverStatus = [][2]string{{"Deferred Removal Enabled", "true"}, {"Deferred Deletion Enabled", "true"}}
		}, []string{driver}},
		{"neither put off", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.Info.DriverStatus = [][2]string{{"Deferred Removal Enabled", "false"}, {"Deferred Deletion Enabled", "false"}}
		}, []string{"devicemapper_deferred:warning", "devicemapper_deferred:warning", driver}},
		{"other file system", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.configure(`{"live-restore": true, "icc": false, "storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool", "dm.use_deferred_removal=true", "dm.use_deferred_deletion=true"]}`)
		}, []string{"devicemapper_filesystem:info", driver}},
		{"both 100", func(s *Snapshot) {
			s.devicemapper(t, "activation {\n thin_pool_autoextend_threshold=100\n thin_pool_autoextend_percent=100\n}\n")
		}, []string{driver, "thin_pool_autoextend:warning"}},
		{"nobody watches", func(s *Snapshot) { s.devicemapper(t, grows); s.LVM.Volumes[0].Monitor = "not monitored" }, []string{driver, "thin_pool_autoextend:warning"}},
		{"no room to grow", func(s *Snapshot) { s.devicemapper(t, grows); s.LVM.Groups[0].Free = 0 }, []string{driver, "thin_pool_autoextend:warning"}},
		{"damaged pool", func(s *Snapshot) { s.devicemapper(t, grows); s.LVM.Volumes[0].CheckNeeded = true }, []string{driver, "thin_pool_damaged:error"}},
		{"full pool", func(s *Snapshot) { s.devicemapper(t, grows); s.LVM.Volumes[0].Health = "out_of_data" }, []string{driver, "thin_pool_damaged:error"}},
		{"metadata of another pool", func(s *Snapshot) {
			s.devicemapper(t, grows)
			s.State.Metadata = []DeviceSet{{"/var/lib/docker/devicemapper/metadata/deviceset-metadata", "x"}}
			s.down("failed to start daemon: error initializing graphdriver: devicemapper: Base Device UUID and Filesystem verification failed: devicemapper: Current Base Device UUID:y does not match with stored Base Device UUID:x")
		}, []string{"stale_base_device_uuid:error", driver}},
	})
}
