/** Has few things done at a time. */

/** What is to be done: resolves when it is over. */
type Task = () => Promise<void>;

/** Takes a task, and returns how to have it not begun. */
export type Turns = (task: Task) => () => void;

/** So many at a time, in the order in which they come. None of them may fail. */
export function createTurns(atATime: number): Turns {
  const waiting = new Set<Task>();
  let running = 0;
  const next = (): void => {
    const [task] = waiting;
    if (task === undefined || running === atATime) return;
    waiting.delete(task);
    running += 1;
    void task().finally(() => {
      running -= 1;
      next();
    });
  };
  return (task) => {
    const own: Task = () => task();
    waiting.add(own);
    next();
    return () => {
      waiting.delete(own);
    };
  };
}
