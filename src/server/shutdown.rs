use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Stage {
    #[default]
    Serving,
    /// Connections close after their next response, and the listener once nobody waits to be accepted.
    Draining,
    /// Idle connections close.
    Closing,
}

/// Tells the listener and the connections to finish.
#[derive(Debug, Default)]
pub struct ShutdownSignal(watch::Sender<Stage>);

impl ShutdownSignal {
    pub fn drain(&self) {
        self.0.send_replace(Stage::Draining);
    }

    pub fn close(&self) {
        self.0.send_replace(Stage::Closing);
    }

    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Stage::Draining
    }

    pub async fn drained(&self) {
        self.reached(Stage::Draining).await;
    }

    pub async fn closed(&self) {
        self.reached(Stage::Closing).await;
    }

    async fn reached(&self, stage: Stage) {
        // Fails only without a sender, which is `self`.
        let _ = self.0.subscribe().wait_for(|now| *now >= stage).await;
    }
}
