/** How far a use case has got that takes a while: after each step, `total` staying the same. */
export type OnProgress = (done: number, total: number) => void;
