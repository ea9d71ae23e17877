# A service with a sidecar. See ../../docs/nomad.md.
job "payments" {
  group "payments" {
    count = 2

    # All tasks of an allocation share one network, in which the address of an allocation can be called from others.
    network {
      mode = "cni/mesh"
    }

    # Ends before the others begin: iptables redirect the connections of the allocation to Envoy.
    task "capture" {
      driver = "docker"
      user   = "root"

      lifecycle {
        hook = "prestart"
      }

      config {
        image      = "registry.example.com/fairlead-proxy"
        entrypoint = ["capture.sh"]
        args       = ["on", "1337", "dns"]
        cap_add    = ["net_admin"]
      }
    }

    # Envoy and its agent. Its connections are not redirected, because it runs as this user.
    task "proxy" {
      driver = "docker"
      user   = "1337"
      # Longer than the agent lets connections end.
      kill_timeout = "10s"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      # Nomad writes it to secrets/nomad_fairlead.jwt, and again before it ends.
      identity {
        name = "fairlead"
        aud  = ["fairlead"]
        file = true
        ttl  = "1h"
      }

      # Read when the job is submitted: the roots of the control plane (`fairlead ca root`), and what the bootstrap is made of.
      template {
        destination = "local/root-cert.pem"
        data        = file("root-cert.pem")
      }
      template {
        destination = "local/mesh/mesh.yaml"
        data        = file("mesh/mesh.yaml")
      }
      template {
        destination = "local/mesh/payments.yaml"
        data        = file("mesh/payments.yaml")
      }

      config {
        image = "registry.example.com/fairlead-proxy"
        args = [
          "agent",
          "--workload", "payments-${NOMAD_SHORT_ALLOC_ID}.${NOMAD_NAMESPACE}",
          "--group", "payments",
          "--config", "/local/mesh",
          "--control-plane", "mesh.example.com:15012",
          "--root-cert", "/local/root-cert.pem",
          "--token-file", "/secrets/nomad_fairlead.jwt",
        ]
      }
    }

    # Any image: it listens and calls as it does without a mesh.
    task "app" {
      driver = "docker"

      config {
        image = "registry.example.com/payments"
      }
    }
  }
}
